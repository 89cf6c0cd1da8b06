import { createInterface } from "node:readline/promises";

/** What a command may touch of the world besides files and services. Injected, so that tests need no process. */
export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Wall time in milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
  /** Milliseconds since the process began: its start counts against the command's time, too. */
  readonly elapsedMs: () => number;
  /** True when standard output is a terminal that wants colour. */
  readonly colour: boolean;
  /** Asks the person at the terminal; absent where nobody sits there. */
  readonly confirm?: (question: string) => Promise<boolean>;
  out(text: string): void;
  err(text: string): void;
}

async function confirmAtTerminal(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${question} [y/N] `)).trim().toLowerCase() === "y";
  } finally {
    terminal.close();
  }
}

/** The process' own. NO_COLOR (no-color.org) is honoured. */
export function processIo(): Io {
  return {
    cwd: process.cwd(),
    env: process.env,
    nowMs: () => Date.now(),
    elapsedMs: () => performance.now(),
    colour: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
    ...(process.stdin.isTTY && process.stderr.isTTY ? { confirm: confirmAtTerminal } : {}),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  };
}
