import { describe, expect, it } from "@jest/globals";
import { connectorNames } from "@seb/catalogue";
import { KINDS, openConnectors } from "./connectors.js";

const PLACE = { stateFolder: "/nonexistent", nowMs: () => 0 };
const TARGETS: Readonly<Record<string, { connector: string }>> = {
  git: { connector: "git", url: "/srv/ops.git" } as { connector: string },
  kubernetes: { connector: "kubernetes", server: "https://k.example", token_file: "/t" } as { connector: string },
};

describe("the broker's connectors", () => {
  it("are those whose languages the catalogue knows", async () => {
    expect(Object.keys(KINDS).sort()).toEqual(connectorNames());
    const opened = await openConnectors({ ver: 1, targets: TARGETS }, PLACE);
    if (!opened.ok) throw new Error(opened.error.detail);
    expect([...opened.value.values()].map(({ name }) => name).sort()).toEqual(connectorNames());
    for (const connector of opened.value.values()) await connector.close();
  });

  it("are not opened for a target that they do not understand", async () => {
    const odd = { ...TARGETS, more: { connector: "ftp" } };
    expect(await openConnectors({ ver: 1, targets: odd }, PLACE)).toMatchObject({ error: { code: "setting_invalid" } });
    const wrong = { gitops: { connector: "git" } };
    expect(await openConnectors({ ver: 1, targets: wrong }, PLACE)).toMatchObject({
      error: { code: "setting_invalid", facts: { field: "/targets/gitops/url" } },
    });
  });
});
