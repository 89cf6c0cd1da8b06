import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKeyFile, type KeyFile, publicOf } from "@seb/seal";
import { runAgentCli } from "../agent-cli.js";
import { runBrokerCli } from "../broker-cli.js";
import { type Services, startServices } from "./services.js";

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A work folder with `.seb/agent.yaml`, a key, services, and the two programs run inside this process. */
export interface Bench {
  readonly services: Services;
  readonly folder: string;
  readonly home: string;
  readonly key: KeyFile;
  /** Variables of the commands; none at first. */
  env: Record<string, string>;
  nowMs: number;
  writeSettings(more?: string, urls?: { signer?: string; broker?: string }): void;
  agent(...argv: string[]): Promise<Ran>;
  broker(...argv: string[]): Promise<Ran>;
  close(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const services = await startServices();
  const home = mkdtempSync(join(tmpdir(), "seb-cli-"));
  const folder = join(home, "work", "deep");
  const seb = join(home, "work", ".seb");
  mkdirSync(folder, { recursive: true });
  mkdirSync(seb);
  const key = await generateKeyFile("agent", "oncall-v3");
  services.jkt = publicOf(key).kid;
  writeFileSync(join(seb, "key.json"), JSON.stringify(key), { mode: 0o600 });
  const run = async (program: typeof runAgentCli, argv: readonly string[]): Promise<Ran> => {
    let stdout = "";
    let stderr = "";
    const startedMs = performance.now();
    const exit = await program({
      argv,
      env: bench.env,
      cwd: folder,
      home,
      stdout: (text) => {
        stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
      stdoutIsTty: false,
      stderrIsTty: false,
      nowMs: () => bench.nowMs,
      elapsedMs: () => performance.now() - startedMs,
      stdin: () => "",
    });
    return { exit, stdout, stderr };
  };
  const bench: Bench = {
    services,
    folder,
    home,
    key,
    env: {},
    nowMs: 1_800_000_000_000,
    writeSettings(more = "", urls = {}) {
      const { signer = services.url, broker = services.url } = urls;
      const text = `endpoints: { signer: "${signer}", broker: "${broker}" }\nkey: key.json\n${more}`;
      writeFileSync(join(seb, "agent.yaml"), text);
    },
    agent: (...argv) => run(runAgentCli, argv),
    broker: (...argv) => run(runBrokerCli, argv),
    close: async () => {
      await services.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
  bench.writeSettings();
  return bench;
}
