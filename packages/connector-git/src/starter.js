// A small process that starts git for a large one, and nothing else. To start a child, the kernel copies the page tables of whoever asks:
// a service of 200 MB stands still for longer than git itself runs. Speaks with git-starter.ts over the IPC channel and ends with it.
import { spawn } from "node:child_process";

/** Git removes its lock files on SIGTERM, so it gets that long before SIGKILL, in milliseconds. */
const GRACE_MS = 300;

/**
 * What git says, under LC_ALL=C, when it did not get as far as to speak with the repository: nothing was sent. Lines of the other side
 * begin with `remote:`. No more of standard error is looked at, or leaves this process: it repeats addresses.
 */
const UNREACHED = /^fatal: (unable to access '|'.*' does not appear to be a git repository$)/m;
const MAX_ERROR_BYTES = 8192;

/** How to end the runs under way, by id. */
const kills = new Map();

function answer(id, end, chunks) {
  kills.delete(id);
  if (process.connected) process.send({ id, ...end, stdout: Buffer.concat(chunks) });
}

/** Ends a process group: SIGTERM, then SIGKILL. `giveUp` is called when even that was not enough. */
function createKiller(child, giveUp) {
  let killed = false;
  const timers = [];
  const send = (signal) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  return {
    kill() {
      if (killed) return;
      killed = true;
      send("SIGTERM");
      timers.push(setTimeout(() => send("SIGKILL"), GRACE_MS));
      // Somebody may have inherited the pipes and left the group: do not wait for them.
      timers.push(setTimeout(giveUp, 2 * GRACE_MS));
    },
    killed: () => killed,
    done() {
      for (const timer of timers) clearTimeout(timer);
      // Whoever of the group outlived git must not go on sending.
      if (killed) send("SIGKILL");
    },
  };
}

function start({ id, args, cwd, env, input, timeoutMs, maxOutputBytes }) {
  const child = spawn("git", args, { cwd, env, detached: true, stdio: "pipe", windowsHide: true });
  const chunks = [];
  let size = 0;
  let errors = "";
  let settled = false;
  const settle = (exit) => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    killer.done();
    const killed = killer.killed();
    const unreached = !killed && UNREACHED.test(errors);
    answer(id, { exit: killed ? undefined : exit, started: child.pid !== undefined, unreached }, chunks);
  };
  const killer = createKiller(child, () => settle(undefined));
  const timer = setTimeout(killer.kill, timeoutMs);
  kills.set(id, killer.kill);
  child.stdout.on("data", (chunk) => {
    size += chunk.byteLength;
    if (size > maxOutputBytes) killer.kill();
    else chunks.push(chunk);
  });
  child.stderr.on("data", (chunk) => {
    errors = (errors + chunk.toString("latin1")).slice(0, MAX_ERROR_BYTES);
  });
  // A child that ends before it has read its input breaks the pipe; its exit code tells.
  child.stdin.on("error", () => undefined);
  child.on("error", () => settle(undefined));
  child.on("close", (code) => settle(code ?? undefined));
  child.stdin.end(input);
}

process.on("message", (message) => {
  if (message.kill) kills.get(message.id)?.();
  else start(message);
});
// The service decides when this process ends, not whoever signals a whole group.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
process.on("disconnect", () => {
  for (const kill of kills.values()) kill();
  setTimeout(() => process.exit(0), kills.size === 0 ? 0 : 2 * GRACE_MS);
});
