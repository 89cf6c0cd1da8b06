import { describe, expect, it } from "@jest/globals";
import { closed, Name, ok } from "@seb/schema";
import { defineSource, openSources } from "./source.js";

const forge = defineSource("forge", closed({ host: Name }), ({ host }, place) =>
  ok({
    name: "forge",
    establishes: ["attested_by"],
    gather: async () => ({ facts: { attested_by: host }, reasons: [], detail: { file: place.at("token") } }),
  }),
);
const place = { at: (path: string) => `/etc/seb/${path}` };

describe("sources of evidence", () => {
  it("open with settings that fit their schema", () => {
    const opened = openSources([forge], { forge: { host: "git" } }, place);
    expect(opened.ok && opened.value.map(({ name }) => name)).toEqual(["forge"]);
    expect(openSources([forge], {}, place)).toEqual({ ok: true, value: [] });
  });

  it("refuse settings that do not, with the place", () => {
    expect(openSources([forge], { forge: { host: "NO" } }, place)).toMatchObject({
      ok: false,
      error: { code: "setting_invalid", pointer: "/forge/host" },
    });
    expect(openSources([forge], { forge: { host: "git", more: 1 } }, place)).toMatchObject({
      error: { code: "setting_invalid", pointer: "/forge/more" },
    });
  });

  it("refuse a name that no source has", () => {
    expect(openSources([forge], { froge: {} }, place)).toMatchObject({
      error: { code: "setting_invalid", pointer: "/froge", detail: expect.stringContaining("did you mean forge?") },
    });
  });
});
