import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { canonicalize, digest, isJson } from "@seb/canonical";
import { createControlReader } from "./control.js";

const vectors = join(import.meta.dirname, "../../../packages/catalogue/vectors/bundle.json");
const control: { files: Record<string, string> } = JSON.parse(readFileSync(vectors, "utf8"));

/** A bundle packed by hand after one replacement: its digest and text. */
function packed(path: string, from: string, to: string) {
  const content: unknown = { ver: 1, files: { ...control.files, [path]: control.files[path]?.replace(from, to) } };
  if (!isJson(content)) throw new Error("not JSON");
  return { digest: digest("bundle", content), text: canonicalize(content) };
}

describe("a bundle with mistakes", () => {
  it("is not opened, and each mistake is logged once however often it is asked for", async () => {
    const broken = packed("policy/modes.yaml", "search: shadow", "serch: shadow");
    const lines: unknown[][] = [];
    const log = { error: (...line: unknown[]) => lines.push(line) };
    const reader = createControlReader({ get: async () => broken.text }, log);
    for (let time = 0; time < 3; time++)
      expect(await reader.open(broken.digest)).toMatchObject({ ok: false, error: { code: "bundle_invalid" } });
    const mistake = expect.stringMatching(/^policy\/modes\.yaml, line 11, .*did you mean `search`\?$/);
    expect(lines).toEqual([[{ bundle: broken.digest, mistakes: [mistake] }, "a bundle cannot be used"]]);
  });
});
