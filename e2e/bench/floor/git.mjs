// A GitOps repository with bare plumbing: as few git processes as seeing and changing one file take.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const IMAGE = /image: \S+/;
const REPLICAS = /replicas: \d+/;
const MAX_PUSHES = 5;

function createGit(folder) {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    LC_ALL: "C",
    GIT_DIR: join(folder, "cache.git"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  return (args, input = "") =>
    new Promise((resolve, reject) => {
      const child = spawn("git", args, { env, stdio: ["pipe", "pipe", "ignore"] });
      const chunks = [];
      child.stdout.on("data", (chunk) => chunks.push(chunk));
      child.stdin.on("error", () => undefined);
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, out: Buffer.concat(chunks).toString() }));
      child.stdin.end(input);
    });
}

const pathOf = (service) => `apps/${service}/us-east-1/deployment.yaml`;

/** Opens a mirror of the bare repository at `url` in `folder`. */
export async function openRepository(folder, url) {
  mkdirSync(folder, { recursive: true });
  const git = createGit(folder);
  await git(["init", "--quiet", "--bare"]);
  const known = new Set();
  /** Blob id, text and previous image by commit and path. */
  const sights = new Map();
  const texts = new Map();
  let tip;
  let turn = Promise.resolve();

  async function head() {
    const { out } = await git(["ls-remote", url, "refs/heads/main"]);
    const [oid] = out.split("\t");
    if (!known.has(oid)) await git(["fetch", "--quiet", url, "+refs/heads/main:refs/cache/main"]);
    known.add(oid);
    return oid;
  }

  /** Head, blob, text and previous image of a file; one process when that commit was looked at before. */
  async function observe(service) {
    const path = pathOf(service);
    const commit = await head();
    const key = `${commit} ${path}`;
    if (sights.has(key)) return sights.get(key);
    const { out } = await git(["rev-list", "--first-parent", "--max-count=50", commit, "--", path]);
    const earlier = out.trim().split("\n").slice(1, 9);
    const names = [commit, ...earlier].map((name) => `${name}:${path}\n`).join("");
    const files = readBatch((await git(["cat-file", "--batch"], names)).out);
    const images = files.map(({ text }) => IMAGE.exec(text)?.[0]);
    const previous = images.find((image) => image !== images[0]) ?? null;
    const { oid, text } = files[0];
    texts.set(oid, text);
    sights.set(key, { path, commit, oid, image: images[0], previous });
    return sights.get(key);
  }

  /** The blob of a path in a commit; no process when that commit was looked at before. */
  async function blob(path, commit) {
    const kept = sights.get(`${commit} ${path}`);
    if (kept !== undefined) return kept.oid;
    return (await git(["cat-file", "--batch-check"], `${commit}:${path}\n`)).out.split(" ")[0];
  }

  /** Is the file still the one that was observed? Answers what was seen, with the head it was seen at. */
  async function unchanged(seen) {
    const commit = await head();
    return (await blob(seen.path, commit)) === seen.oid ? { ...seen, commit } : undefined;
  }

  async function commitOn(parent, id, path, text) {
    const ref = `refs/build/${id}`;
    const now = Math.floor(Date.now() / 1000);
    const data = (value) => `data ${Buffer.byteLength(value)}\n${value}`;
    const input = `feature done\ncommit ${ref}\nmark :1\ncommitter Bench <bench@example.invalid> ${now} +0000\n${data(id)}\nfrom ${parent}\nM 100644 inline ${path}\n${data(text)}\nget-mark :1\nreset ${ref}\nfrom ${"0".repeat(parent.length)}\n\ndone\n`;
    return (await git(["fast-import", "--quiet", "--date-format=raw"], input)).out.trim();
  }

  async function change(id, { path, oid, commit: seen }, { image, replicas }) {
    let parent = tip ?? seen;
    const text = texts.get(oid).replace(IMAGE, `image: ${image}`).replace(REPLICAS, `replicas: ${replicas}`);
    for (let pushes = 0; pushes < MAX_PUSHES; pushes += 1) {
      if ((await blob(path, parent)) !== oid) return false;
      const commit = await commitOn(parent, id, path, text);
      const leases = [`--force-with-lease=refs/heads/main:${parent}`, `--force-with-lease=refs/seb/${id}:`];
      const refs = [`${commit}:refs/heads/main`, `${commit}:refs/seb/${id}`];
      const { code } = await git(["push", "--atomic", "--porcelain", ...leases, url, ...refs]);
      if (code === 0) {
        known.add(commit);
        tip = commit;
        return true;
      }
      parent = await head();
    }
    return false;
  }

  return {
    observe,
    unchanged,
    /** Changes one file by compare and swap. Changes of this process go one after the other: they would only overtake each other. */
    change(id, seen, values) {
      const result = turn.then(() => change(id, seen, values));
      turn = result.catch(() => undefined);
      return result;
    },
    /** Nothing was minted. */
    withdraw: async () => undefined,
  };
}

function readBatch(out) {
  const files = [];
  for (let at = 0; at < out.length; ) {
    const end = out.indexOf("\n", at);
    const [oid, type, size] = out.slice(at, end).split(" ");
    at = end + 1;
    if (type !== "blob") continue;
    files.push({ oid, text: out.slice(at, at + Number(size)) });
    at += Number(size) + 1;
  }
  return files;
}
