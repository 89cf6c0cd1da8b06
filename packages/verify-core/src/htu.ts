/** Ports that the scheme means when none is given (RFC 9110, sections 4.2.1 and 4.2.2). */
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };

/**
 * An absolute http or https URI by the grammar of RFC 3986, section 3: scheme, host (name, IPv4, or IPv6 in brackets), port, path; query and
 * fragment are left out. A user name in front of the host is refused (RFC 9110, section 4.2.4).
 */
const HTTP_URI = new RegExp(
  [
    "^(https?)://",
    "((?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+|\\[[0-9A-Fa-f:.]+\\])",
    "(?::([0-9]{0,5}))?",
    "((?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*)",
    "(?:\\?[!-~]*)?(?:#[!-~]*)?$",
  ].join(""),
  "i",
);
const UNRESERVED = /^[A-Za-z0-9._~-]$/;

/** RFC 3986, section 6.2.2.1 and 6.2.2.2: escapes in capitals, and none where a character needs none. */
function unescaped(text: string): string {
  return text.replace(/%[0-9A-Fa-f]{2}/g, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
    return UNRESERVED.test(character) ? character : octet.toUpperCase();
  });
}

/** RFC 3986, section 5.2.4, for a path that is empty or begins with a slash. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [at, segment] of segments.entries()) {
    const last = at === segments.length - 1;
    if (segment === "..") kept.pop();
    if (segment !== "." && segment !== "..") kept.push(segment);
    else if (last) kept.push("");
  }
  return `/${kept.join("/")}`;
}

/**
 * The one spelling of a proof's address, as RFC 9449, section 4.3, has it compared: without query and fragment, after the syntax-based and
 * scheme-based normalization of RFC 3986, sections 6.2.2 and 6.2.3 (case of scheme and host, escapes, dot segments, default port, empty path).
 *
 * @returns undefined for what is not an absolute http or https URI: it equals nothing.
 */
export function normalizedHtu(htu: string): string | undefined {
  const match = HTTP_URI.exec(htu);
  const [, scheme, host, port, path] = match ?? [];
  if (scheme === undefined || host === undefined || path === undefined) return undefined;
  const name = scheme.toLowerCase();
  const at = port === undefined || port === "" || port === DEFAULT_PORTS[name] ? "" : `:${port}`;
  return `${name}://${unescaped(host.toLowerCase()).toLowerCase()}${at}${withoutDots(unescaped(path))}`;
}
