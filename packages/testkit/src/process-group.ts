import { type ChildProcess, spawn } from "node:child_process";

const live = new Set<number>();
let tell: ((line: string) => void) | undefined;

/** Keeps the groups named on its input and kills them when that ends, which it does however this process ends. */
const reaper = `
groups=" "
while read -r sign pid; do
  case $sign in
    +) groups="$groups$pid " ;;
    -) groups="\${groups%% $pid *} \${groups#* $pid }" ;;
  esac
done
for pid in $groups; do kill -s KILL -- "-$pid" 2>/dev/null; done
`;

/**
 * Remembers the process group of a child started with `detached: true`, so that nothing outlives the tests: what still runs
 * when this process ends, even by SIGKILL, is killed.
 */
export function track(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  tell ??= startReaper();
  live.add(pid);
  tell(`+ ${pid}\n`);
}

/** Sends a signal to the whole group; false when nothing of it is left. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
  const { pid } = child;
  // A group that is gone must never be signalled again: its number may be somebody else's by now.
  if (pid === undefined || !live.has(pid)) return false;
  const found = kill(pid, signal);
  if (!found || (signal === "SIGKILL" && hasEnded(child))) forget(pid);
  return found;
}

/** Kills every group that is left, at once. Suites may call it in `afterAll`. */
export function killAll(): void {
  for (const pid of live) {
    kill(pid, "SIGKILL");
    forget(pid);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

function forget(pid: number): void {
  live.delete(pid);
  tell?.(`- ${pid}\n`);
}

function startReaper(): (line: string) => void {
  const child = spawn("/bin/sh", ["-c", reaper], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  if ("unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  return (line) => {
    child.stdin.write(line);
  };
}
