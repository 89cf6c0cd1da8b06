import { describe, expect, it } from "@jest/globals";
import { isLoopback } from "./loopback.js";

describe("isLoopback", () => {
  it.each(["localhost", "127.0.0.1", "127.0.0.53", "127.255.255.255", "::1", "[::1]"])("%s is", (name) => {
    expect(isLoopback(name)).toBe(true);
  });

  it.each([
    "",
    "LOCALHOST",
    "localhost.",
    "localhost.example",
    "127.0.0.1.example",
    "127.0.0.256",
    "127.1",
    "127.0.0.01",
    "0127.0.0.1",
    "128.0.0.1",
    "10.127.0.0",
    "0.0.0.0",
    "::",
    "[::2]",
    "::ffff:127.0.0.1",
  ])("%s is not", (name) => {
    expect(isLoopback(name)).toBe(false);
  });
});
