// Runs a pipeline file as a CI system does: each step in a new shell that knows nothing of the others but what it is given.
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runCommand } from "@seb/testkit";
import { parse } from "yaml";

const STEP_TIMEOUT_MS = 30_000;

/** Steps of the one job of a pipeline file, as they are written there. */
export function readSteps(file) {
  const [job] = Object.values(parse(readFileSync(file, "utf8")));
  return job.steps.map((step) => ({
    name: step.name,
    run: step.run,
    continueOnError: step["continue-on-error"] === true,
  }));
}

/** Puts the command lines of a build into a folder for PATH, as an installation would. */
export function installCommands(root, folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of ["agent-cli", "broker-cli"])
    symlinkSync(join(root, "packages", "agent-cli", "bin", `${name}.js`), join(folder, name));
  return folder;
}

/** A checkout of some service: its settings file and the deploy script that it always had, which notes how it was called. */
export function makeCheckout(folder, agentYaml) {
  mkdirSync(join(folder, ".seb"), { recursive: true });
  writeFileSync(join(folder, ".seb", "agent.yaml"), agentYaml);
  writeFileSync(join(folder, "deploy.sh"), '#!/bin/sh\necho "$@" >> deployed\n');
  chmodSync(join(folder, "deploy.sh"), 0o755);
  return folder;
}

/** What the steps so far have put into GITHUB_ENV (`NAME=value`, the last one counts). */
function gathered(file) {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line) => {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value]];
  });
}

/**
 * Runs all steps in a checkout, each by `env -i` with PATH and HOME only. With a `githubEnv` file, that variable is set too and, as
 * GitHub does, every step gets what the steps before it wrote there.
 *
 * @returns the steps' results, and whether the job succeeded: a failed step ends it unless it may fail.
 */
export async function runPipeline({ steps, checkout, commands, home, githubEnv }) {
  const path = [commands, dirname(process.execPath), "/usr/bin", "/bin"].join(":");
  if (githubEnv !== undefined) writeFileSync(githubEnv, "");
  const results = [];
  for (const step of steps) {
    const github = githubEnv === undefined ? [] : [["GITHUB_ENV", githubEnv], ...gathered(githubEnv)];
    const variables = Object.entries(Object.fromEntries([["PATH", path], ["HOME", home], ...github]));
    const { code, stdout, stderr, ms } = await runCommand({
      command: "/usr/bin/env",
      args: ["-i", ...variables.map(([name, value]) => `${name}=${value}`), "sh", "-e", "-c", step.run],
      cwd: checkout,
      env: {},
      timeoutMs: STEP_TIMEOUT_MS,
    });
    results.push({ name: step.name, exit: code, stdout, stderr, ms });
    if (code !== 0 && !step.continueOnError) return { results, succeeded: false };
  }
  return { results, succeeded: true };
}
