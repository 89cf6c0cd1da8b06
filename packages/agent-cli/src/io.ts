/** What a command line takes from its process: everything that tests replace. */
export interface Io {
  /** Arguments behind the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Home folder of the user. */
  readonly home: string;
  /** Results, and nothing else. */
  stdout(text: string): void;
  /** Everything for people. */
  stderr(text: string): void;
  readonly stdoutIsTty: boolean;
  readonly stderrIsTty: boolean;
  /** Wall clock, milliseconds since the epoch. */
  nowMs(): number;
  /** Milliseconds since the process began: its start counts against the command's time, too. */
  elapsedMs(): number;
  /** Standard input as text, at most 64 KB. */
  stdin(): string;
}

/** Colour only on a terminal that wants it: https://no-color.org, and `TERM=dumb`. */
export function wantsColour(io: Pick<Io, "env" | "stdoutIsTty" | "stderrIsTty">, stream: "stdout" | "stderr"): boolean {
  const tty = stream === "stdout" ? io.stdoutIsTty : io.stderrIsTty;
  return tty && (io.env.NO_COLOR ?? "") === "" && io.env.TERM !== "dumb";
}
