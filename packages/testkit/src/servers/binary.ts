/** The real servers that can be started. */
export type ServerName = "redis-server" | "nats-server" | "etcd" | "kube-apiserver";

interface Finder {
  findServer(name: ServerName): Promise<{ path: string } | undefined>;
  ensureServer(name: ServerName, options: { onProgress: (line: string) => void }): Promise<{ path: string }>;
}

function isFinder(value: unknown): value is Finder {
  return (
    typeof value === "object" &&
    value !== null &&
    "findServer" in value &&
    typeof value.findServer === "function" &&
    "ensureServer" in value &&
    typeof value.ensureServer === "function"
  );
}

/** The finder is plain JavaScript outside of every workspace: it has to work before anything is installed or built. */
async function finder(): Promise<Finder> {
  const url = new URL("../../../../infra/dev-servers/servers.mjs", import.meta.url);
  const loaded: unknown = await import(url.href);
  if (!isFinder(loaded)) throw new Error(`${url.pathname} does not find servers`);
  return loaded;
}

const tell = (line: string): void => {
  process.stderr.write(`seb: ${line}\n`);
};

/**
 * Absolute path of the executable; built or unpacked now if need be, with progress on standard error. That may take minutes,
 * once per machine. Throws with a remedy when it cannot be had.
 */
export async function serverBinary(name: ServerName): Promise<string> {
  const { ensureServer } = await finder();
  return (await ensureServer(name, { onProgress: tell })).path;
}

/** Is the server on this machine already? Builds nothing. */
export async function haveServer(name: ServerName): Promise<boolean> {
  const { findServer } = await finder();
  return (await findServer(name)) !== undefined;
}

/**
 * Why tests of these servers are left out here; undefined when they must run. On Linux and under CI they always must: a server
 * that cannot be had is a failure there, by the throw of its launcher.
 */
export async function leftOut(names: readonly ServerName[]): Promise<string | undefined> {
  const ci = process.env.CI ?? "";
  if (process.platform === "linux" || (ci !== "" && ci !== "false")) return undefined;
  try {
    for (const name of names) await serverBinary(name);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    tell(`left out: tests of ${names.join(", ")}: ${why}`);
    return why;
  }
}
