export interface Step {
  readonly name: string;
  readonly run: string;
  readonly continueOnError: boolean;
}
export interface StepResult {
  readonly name: string;
  /** Exit code; null when the step was killed. */
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}
export function readSteps(file: string): readonly Step[];
export function installCommands(root: string, folder: string): string;
export function makeCheckout(folder: string, agentYaml: string): string;
export function runPipeline(options: {
  readonly steps: readonly Step[];
  readonly checkout: string;
  readonly commands: string;
  readonly home: string;
  readonly githubEnv?: string;
}): Promise<{ readonly results: readonly StepResult[]; readonly succeeded: boolean }>;
