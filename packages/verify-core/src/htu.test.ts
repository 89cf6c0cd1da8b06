import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { normalizedHtu } from "./htu.js";

describe("normalizedHtu", () => {
  /** The first is the example of RFC 3986, section 6.2.2, under http; the next ones are those of 6.2.3. */
  it.each([
    ["HTTP://a/./b/../b/%63/%7bfoo%7d", "http://a/b/c/%7Bfoo%7D"],
    ["http://example.com", "http://example.com/"],
    ["http://example.com/", "http://example.com/"],
    ["http://example.com:/", "http://example.com/"],
    ["http://example.com:80/", "http://example.com/"],
    ["https://example.com:443/a?b=c", "https://example.com/a"],
    ["https://example.com:80/a", "https://example.com:80/a"],
    ["https://example.com/a#b?c", "https://example.com/a"],
    ["https://EXAMPLE.com/A", "https://example.com/A"],
    ["https://ex%41mple.com/%7Ea%2fb", "https://example.com/~a%2Fb"],
    ["http://[2001:DB8::1]:8080/a/", "http://[2001:db8::1]:8080/a/"],
    ["http://127.0.0.1:7461/v1//x", "http://127.0.0.1:7461/v1//x"],
    ["http://a/b/c/..", "http://a/b/"],
    ["http://a/../../b/.", "http://a/b/"],
    ["http://a/%2e%2E/b", "http://a/b"],
  ])("of %s is %s", (htu, expected) => {
    expect(normalizedHtu(htu)).toBe(expected);
  });

  it.each([
    "",
    "/v1/executions",
    "//a/b",
    "ftp://a/b",
    "http:a/b",
    "http:/a/b",
    "http:///b",
    "http://",
    "http://u@a/b",
    "http://u:p@a/b",
    "http://a:b/c",
    "http://a:123456/c",
    "http://a\\b",
    "http:\\\\a/b",
    " http://a/b",
    "http://a/b ",
    "http://a/b\n",
    "http://a/\tb",
    "http://a/%",
    "http://a/%4",
    "http://a/%zz",
    "http://é/b",
    "http://a/é",
    "http://a/b?é",
    "http://[::1/b",
    "http://[a]b/c",
  ])("is nothing for %j, which other readers might forgive", (htu) => {
    expect(normalizedHtu(htu)).toBeUndefined();
  });

  const word = fc.string({ unit: fc.constantFrom(..."aZ09-_~!$&'()*+,;=:@"), maxLength: 6 });
  const segment = fc.oneof(word, fc.constantFrom(".", "..", "", "..."));
  const addresses = fc.record({
    scheme: fc.constantFrom("http", "https", "HTTP", "Https"),
    host: fc.constantFrom("broker.example", "Broker.Example", "127.0.0.1", "[::1]", "a"),
    port: fc.constantFrom("", ":80", ":443", ":8443"),
    segments: fc.array(segment, { maxLength: 6 }),
    rest: fc.constantFrom("", "?a=b", "#c", "?a#b"),
  });

  it("agrees with the URL parser of the platform where both read the address, and is its own normal form", () => {
    fc.assert(
      fc.property(addresses, ({ scheme, host, port, segments, rest }) => {
        const htu = `${scheme}://${host}${port}${segments.map((one) => `/${one}`).join("")}${rest}`;
        const { origin, pathname } = new URL(htu);
        const normal = normalizedHtu(htu);
        expect(normal).toBe(origin + pathname);
        expect(normalizedHtu(String(normal))).toBe(normal);
      }),
      { numRuns: 2000 },
    );
  });

  it("is the same for every unreserved character, escaped or not, and differs for every other", () => {
    for (let byte = 0x21; byte < 0x7f; byte += 1) {
      const character = String.fromCharCode(byte);
      const escaped = normalizedHtu(`http://a/x%${byte.toString(16)}y`);
      if (/[A-Za-z0-9._~-]/.test(character)) expect(escaped).toBe(`http://a/x${character}y`);
      else expect(escaped).toBe(`http://a/x%${byte.toString(16).toUpperCase()}y`);
    }
  });
});
