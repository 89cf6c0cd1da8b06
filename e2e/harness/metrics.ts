/** Samples of a service's metrics page: name, labels, value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads `/metrics` of a service. */
export async function readMetrics(url: string): Promise<readonly Sample[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split("\n").flatMap((line) => {
    const found = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!found) return [];
    const [, name = "", labels = "", value] = found;
    const pairs = [...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key, text]) => [key, text]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** Verifications that a broker counted, by verdict; those never seen are absent. */
export async function verdictCounts(broker: string): Promise<Readonly<Record<string, number>>> {
  const samples = await readMetrics(broker);
  const counted = samples.filter(({ name }) => name === "seb_verifications_total");
  return Object.fromEntries(counted.map(({ labels, value }) => [labels.verdict, value]));
}
