import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { readControl } from "../control-folder.js";
import { writeWhole } from "../write-file.js";
import type { Plan } from "./plan.js";

/** The examples that the repository ships: this file lies four levels below its root, in the sources and in the build. */
const EXAMPLES = fileURLToPath(new URL("../../../../examples/", import.meta.url));

/** Copies the example control folder, its services addressed to this environment's broker, and the platform's two files. */
export function writeControl(plan: Plan): void {
  cpSync(`${EXAMPLES}control`, plan.at("control"), { recursive: true });
  const files = readControl(plan.at("control"));
  for (const [path, text] of Object.entries(files.ok ? files.value.files : {})) {
    if (!path.startsWith("services/")) continue;
    const document = parseDocument(text);
    const regions: unknown = document.toJS().regions;
    for (const region of Object.keys(regions ?? {})) document.setIn(["regions", region, "audience"], plan.names.broker);
    writeWhole(plan.at("control", path), document.toString({ lineWidth: 0 }));
  }
  for (const { service, folder } of plan.instances)
    for (const file of service === "broker" ? ["ceilings.yaml", "targets.yaml"] : [])
      writeWhole(plan.at(folder, file), readFileSync(`${EXAMPLES}${file}`, "utf8"));
}

/** Makes the folders that are mounted, empty as they are: bundles, and each service's state. */
export function makeFolders(plan: Plan): void {
  mkdirSync(plan.at("bundles"), { recursive: true });
  for (const { service, folder } of plan.instances)
    for (const own of service === "signer" ? ["state", "heads", "evidence"] : ["state", "heads"])
      mkdirSync(plan.at(folder, own), { recursive: true, mode: 0o700 });
}
