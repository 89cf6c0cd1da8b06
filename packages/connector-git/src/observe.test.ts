import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { digest } from "@seb/canonical";
import { connect, LIVE, LOOK, observed, soon, TEMPLATE } from "../test/change.js";
import { CONFIG, DEPLOYMENT, GitRig, IMAGE, MANIFEST, OLD_IMAGE } from "../test/rig.js";

let rig: GitRig;
beforeEach(async () => {
  rig = await GitRig.start();
});
afterEach(() => rig.stop());

const image = (letter: string) => `${IMAGE}${letter.repeat(64)}`;
const manifest = (letter: string) => MANIFEST.replace(OLD_IMAGE, image(letter));

describe("an observation", () => {
  it("tells root, head, digests, shown values and blob ids", async () => {
    const root = await rig.head();
    const head = await rig.commit({ "README.md": "hello\n" });
    const blob = (await rig.tree())[DEPLOYMENT]?.split(" ")[2];
    expect(await observed(connect(rig))).toEqual({
      target: "gitops",
      uid: root,
      version: head,
      fields: { image: digest("live", OLD_IMAGE), replicas: digest("live", 3) },
      values: { image: OLD_IMAGE, replicas: 3 },
      previous: {},
      precondition: { [`blob:${DEPLOYMENT}`]: blob },
    });
  });

  it("names the value before the present one, also when other commits touched the file since", async () => {
    await rig.commit({ [DEPLOYMENT]: manifest("b") });
    await rig.commit({ [DEPLOYMENT]: "not: [yaml\n" });
    await rig.commit({ [DEPLOYMENT]: manifest("c") });
    await rig.commit({ [DEPLOYMENT]: manifest("c").replace("replicas: 3", "replicas: 4") });
    expect((await observed(connect(rig))).previous).toEqual({ image: image("b") });
  });

  it("does not take a value from a side branch for a previous one", async () => {
    const base = await rig.head();
    await rig.git(["update-ref", "refs/heads/side", base]);
    await rig.commit({ [DEPLOYMENT]: manifest("e") }, "side");
    const side = await rig.commit({ [DEPLOYMENT]: manifest("c") }, "side");
    const tree = await rig.git(["rev-parse", `${side}^{tree}`]);
    const identity = ["-c", "user.name=x", "-c", "user.email=x@y"];
    const merge = await rig.git([...identity, "commit-tree", "-p", base, "-p", side, "-m", "merge", tree]);
    await rig.git(["update-ref", "refs/heads/main", merge]);
    const seen = await observed(connect(rig));
    expect(seen.values.image).toBe(image("c"));
    expect(seen.previous).toEqual({ image: OLD_IMAGE });
  });

  it("finds a previous value behind many commits", async () => {
    for (let replicas = 10; replicas < 32; replicas += 1) {
      await rig.commit({ [DEPLOYMENT]: manifest("b").replace("replicas: 3", `replicas: ${replicas}`) });
    }
    expect((await observed(connect(rig))).previous).toEqual({ image: OLD_IMAGE });
  });

  it("reads other files and JSON, and certifies every file it read", async () => {
    await rig.commit({ [CONFIG]: '{"flags": {"fast": true}, "limits": [1, 2]}\n' });
    const live = {
      ...LIVE,
      fast: { at: `${CONFIG}#/flags/fast`, show: true },
      limits: { at: `${CONFIG}#/limits`, show: true },
    };
    const seen = await observed(connect(rig), { live });
    expect(seen.values).toEqual({ image: OLD_IMAGE, replicas: 3, fast: true });
    expect(seen.fields.limits).toBe(digest("live", [1, 2]));
    expect(Object.keys(seen.precondition).sort()).toEqual([`blob:${CONFIG}`, `blob:${DEPLOYMENT}`].sort());
  });

  it("follows the branch, with a new and with a used cache, and when it is rewritten", async () => {
    const connector = connect(rig, { cache: "shared" });
    const first = await observed(connector);
    const head = await rig.commit({ [DEPLOYMENT]: manifest("b") });
    expect((await observed(connector)).version).toBe(head);
    expect((await observed(connect(rig, { cache: "shared" }))).version).toBe(head);
    await rig.git(["update-ref", "refs/heads/main", first.version]);
    expect(await observed(connector)).toEqual(first);
  });

  it("works again after a process was killed in the middle of a fetch", async () => {
    const connector = connect(rig, { cache: "killed" });
    await observed(connector);
    const [cache] = (await readdir(join(rig.folder, "killed"))).filter((name) => name.endsWith(".git"));
    await writeFile(join(rig.folder, "killed", `${cache}`, "refs/seb-cache/main.lock"), "");
    const head = await rig.commit({ [DEPLOYMENT]: manifest("b") });
    expect((await observed(connect(rig, { cache: "killed" }))).version).toBe(head);
  });

  it("can be made many times at once while the branch moves", async () => {
    const connector = connect(rig);
    const seen = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        if (index === 3) await rig.commit({ "README.md": `${index}\n` });
        return observed(connector);
      }),
    );
    expect(new Set(seen.map(({ precondition }) => JSON.stringify(precondition))).size).toBe(1);
  });
});

describe("an observation is refused", () => {
  const refusal = async (more: object = {}, target: object = {}) => {
    const seen = await connect(rig, { target }).observe({ ...LOOK, signal: soon(), ...more });
    return seen.ok ? "ok" : seen.error.code;
  };

  it.each([
    ["a file that is missing", { [DEPLOYMENT]: null, x: "" }],
    ["a folder", { [DEPLOYMENT]: null, [`${DEPLOYMENT}/x`]: "a: 1\n" }],
    ["a symbolic link", { [`120000:${DEPLOYMENT}`]: "../other.yaml" }],
    ["a submodule", { [`160000:${DEPLOYMENT}`]: "1".repeat(40) }],
    ["a file that does not parse", { [DEPLOYMENT]: `${MANIFEST}  x` }],
    ["a file that is too large", { [DEPLOYMENT]: `${MANIFEST}# ${"x".repeat(300_000)}\n` }],
    ["a file without a live field", { [DEPLOYMENT]: MANIFEST.replace("replicas", "copies") }],
    ["a file whose field is no scalar", { [DEPLOYMENT]: MANIFEST.replace("replicas: 3", "replicas: {x: 3}") }],
    ["a folder that is a symbolic link", { apps: null, "120000:apps": "elsewhere" }],
  ])("for %s", async (_title, files) => {
    await rig.commit(files);
    expect(await refusal()).toBe("target_refused");
  });

  it("for a branch that does not exist, or that the target is not configured for", async () => {
    expect(await refusal({ operation: { ...TEMPLATE, branch: "other" } })).toBe("target_refused");
    expect(await refusal({}, { branch: "other" })).toBe("target_refused");
  });

  it("for a live field that is no pointer, or in no file", async () => {
    for (const at of ["spec", "../x#/a", "#/a", "", `${DEPLOYMENT}#`]) {
      expect(await refusal({ live: { image: { at, show: true } } })).toBe("target_refused");
    }
  });

  it("for a repository that is not there or does not answer", async () => {
    expect(await refusal({}, { url: `${rig.url}-gone` })).toBe("target_unavailable");
    expect(await refusal({}, { url: "http://127.0.0.1:9/x.git" })).toBe("target_unavailable");
  });

  it("for bytes that are no text", async () => {
    const bytes = Buffer.concat([Buffer.from(MANIFEST), Buffer.from([0xff, 0x0a])]);
    const blob = await rig.git(["hash-object", "-w", "--stdin"], rig.url, bytes);
    await rig.commit({ [DEPLOYMENT]: blob });
    expect(await refusal()).toBe("target_refused");
  });
});
