import { gitLanguage } from "@seb/connector-git-language";
import { kubernetesLanguage } from "@seb/connector-kubernetes-language";
import { atTarget, type ConnectorLanguage, mistakeAt } from "@seb/connector-language";
import type { Mistake, Targets } from "@seb/schema";

/** The connectors that there are, by name. One that is not here is not known to signer, broker or command lines. */
const LANGUAGES: ReadonlyMap<string, ConnectorLanguage> = new Map(
  [gitLanguage, kubernetesLanguage].map((language) => [language.name, language]),
);

/** What a connector understands; undefined when there is no connector of that name. */
export function languageOf(connector: string): ConnectorLanguage | undefined {
  return LANGUAGES.get(connector);
}

/** Names of all connectors, sorted. */
export function connectorNames(): readonly string[] {
  return [...LANGUAGES.keys()].sort();
}

/** The mistake of a `connector:` that names none. */
export function unknownConnector(field: string, connector: string): Mistake {
  const names = connectorNames();
  return mistakeAt(field, connector, `one of ${names.join(", ")}`, names);
}

/**
 * Every mistake in the entries of targets.yaml, each judged by the language of its connector; `file` is empty, `field` begins with
 * `/targets/`. No value of an entry is repeated, and no file that it names is opened.
 */
export function* targetMistakes({ targets }: Targets): Generator<Mistake> {
  for (const [name, entry] of Object.entries(targets)) {
    const language = languageOf(entry.connector);
    const mistakes = language?.targetMistakes(entry) ?? [unknownConnector("/connector", entry.connector)];
    for (const mistake of mistakes) yield atTarget(name, mistake);
  }
}
