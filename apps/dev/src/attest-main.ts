import { parseArgs } from "node:util";
import { writeWhole } from "@seb/mounts";
import { CODES } from "@seb/schema";
import { attest } from "./attest.js";
import { layoutOf } from "./layout.js";
import { readBuilderKey } from "./setup/keys.js";

const USAGE =
  "usage: seb dev attest --image-digest sha256:... [--name REPOSITORY] [--result PASSED|WARNED|FAILED] [--key FILE] --out FILE";
const RESULTS = ["PASSED", "WARNED", "FAILED"] as const;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      folder: { type: "string", default: ".seb" },
      "image-digest": { type: "string", default: "" },
      name: { type: "string", default: "registry.example/checkout" },
      result: { type: "string", default: "PASSED" },
      key: { type: "string" },
      out: { type: "string", default: "" },
    },
  });
  const imageDigest = values["image-digest"];
  const result = RESULTS.find((known) => known === values.result);
  if (!/^sha256:[0-9a-f]{64}$/.test(imageDigest) || result === undefined || values.out === "")
    throw new TypeError(USAGE);
  const key = await readBuilderKey(values.key ?? layoutOf(values.folder).key("builder"));
  if (!key.ok) {
    const { code, detail } = key.error;
    process.stderr.write(`seb dev attest: ${code}: ${detail}\n`);
    return CODES[code].exit;
  }
  const attestation = { name: values.name, imageDigest, result, finishedOnMs: Date.now() };
  await writeWhole(values.out, attest(attestation, key.value));
  process.stdout.write(`${values.out}\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof TypeError ? USAGE : "seb dev attest: cannot write the file"}\n`);
  process.exitCode = 2;
}
