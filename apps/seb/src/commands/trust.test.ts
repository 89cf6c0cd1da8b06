import { existsSync, statSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { bench } from "../test/bench.js";

type Bench = ReturnType<typeof bench>;

async function makeKeys(b: Bench): Promise<void> {
  const keys = [
    ["owner", "owner-1"],
    ["owner", "owner-2"],
    ["order", "alice"],
    ["certificate", "signer:prod"],
    ["order", "bob"],
  ];
  for (const [role = "", name = ""] of keys) {
    const file = `${name.replace(":", "-")}.json`;
    expect((await b.seb("trust", "keygen", role, name, "--out", file)).exit).toBe(0);
  }
}

const OWNERS = ["--owner", "owner-1.json", "--owner", "owner-2.json"];
const INIT = [
  ...["trust", "init", ...OWNERS, "--key", "alice.json", "--key", "signer-prod.json"],
  ...["--audience", "env:prod", "--broker-audience", "broker:prod"],
];

async function made(): Promise<Bench> {
  const b = bench({ SEB_TRUST: "trust.json", SEB_TRUST_PINS: "pins.json" });
  await makeKeys(b);
  expect((await b.seb(...INIT)).exit).toBe(0);
  return b;
}

describe("seb trust", () => {
  it("makes keys for their owner only and never overwrites one", async () => {
    const b = bench();
    await b.seb("trust", "keygen", "order", "alice", "--out", "alice.json");
    expect(statSync(b.path("alice.json")).mode & 0o777).toBe(0o600);
    expect((await b.seb("trust", "keygen", "order", "alice", "--out", "alice.json")).exit).toBe(2);
    expect((await b.seb("trust", "keygen", "king", "alice", "--out", "king.json")).exit).toBe(2);
  });

  it("makes a first version once, with each key's audience", async () => {
    const b = await made();
    const { value } = await b.json("trust", "verify");
    expect(value).toMatchObject({
      version: 1,
      keys: [
        { role: "order", name: "alice", aud: "env:prod" },
        { role: "certificate", name: "signer:prod", aud: "broker:prod" },
      ],
    });
    expect((await b.seb(...INIT)).exit).toBe(2);
  });

  it("adds a key by two owners who sign one after the other: pending, then complete", async () => {
    const b = await made();
    const add = ["trust", "add", "--key", "bob.json", "--owner", "owner-1.json", "--out", "next.json"];
    expect((await b.seb(...add)).exit).toBe(4);
    const other = bench({ SEB_TRUST: b.path("next.json"), SEB_TRUST_PINS: b.path("pins.json") });
    expect((await other.json("trust", "verify")).value.code).toBe("trust_threshold");
    expect((await b.seb("trust", "sign", "next.json", "--owner", "owner-2.json")).exit).toBe(0);
    expect((await other.json("trust", "verify")).value).toMatchObject({ version: 2 });
  });

  it("rotates a key: the earlier one ends after the overlap", async () => {
    const b = await made();
    await b.seb("trust", "keygen", "order", "alice", "--out", "alice-2.json");
    const rotate = ["trust", "rotate", "--key", "alice-2.json", "--overlap-seconds", "30", ...OWNERS];
    expect((await b.seb(...rotate)).exit).toBe(0);
    const { value } = await b.json("trust", "verify");
    const keys = (value.keys as readonly { name: string; exp: number }[]).filter(({ name }) => name === "alice");
    const nowSeconds = Date.now() / 1000;
    expect(keys.map(({ exp }) => exp < nowSeconds + 60)).toEqual([true, false]);
    expect((await b.json("trust", "rotate", "--key", "bob.json", ...OWNERS)).value.code).toBe("trust_invalid");
  });

  it("refuses an owner's key as anything else, and a stranger as owner", async () => {
    const b = await made();
    expect((await b.seb("trust", "add", "--key", "owner-1.json", ...OWNERS)).exit).not.toBe(0);
    await b.seb("trust", "keygen", "owner", "stranger", "--out", "stranger.json");
    const add = ["trust", "add", "--key", "bob.json", "--owner", "stranger.json", "--out", "next.json"];
    expect((await b.json(...add)).value.code).toBe("trust_invalid");
    expect(existsSync(b.path("next.json"))).toBe(false);
  });
});
