// `npm run lint`: the checks of `npm test` that need no test run, and the closure test of the dependency rules.
import { lintChecks, runCheck } from "./checks.mjs";
import { runJest } from "./jest.mjs";

const rows = [];
for (const check of lintChecks) rows.push(await runCheck(check));
rows.push(...(await runJest({ name: "boundaries", config: "jest.config.mjs", args: ["infra/boundaries"] })));
process.exitCode = rows.some(({ status }) => status === "failed") ? 1 : 0;
