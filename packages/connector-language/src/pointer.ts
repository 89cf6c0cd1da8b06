/** The reference tokens of an RFC 6901 pointer that is not empty. */
export function tokensOf(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A pointer (RFC 6901) from reference tokens. */
export function pointerOf(tokens: readonly string[]): string {
  return tokens.map((token) => `/${token.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Those of the pointers that lead through another one of them, by the one that they lead through. */
export function throughOthers(pointers: readonly string[]): ReadonlyMap<string, string> {
  const through = new Map<string, string>();
  for (const pointer of pointers) {
    const other = pointers.find((candidate) => pointer.startsWith(`${candidate}/`));
    if (other !== undefined) through.set(pointer, other);
  }
  return through;
}
