// Preload (`node --import`) of a process under test: tells on standard error which flags the product gives to V8. With
// `flags.mjs?withhold` they are withheld from V8, which shows what happens without them. The product itself has no such switch.
import { syncBuiltinESMExports } from "node:module";
import v8 from "node:v8";

const withhold = new URL(import.meta.url).searchParams.has("withhold");
const set = v8.setFlagsFromString;
v8.setFlagsFromString = (flag) => {
  process.stderr.write(`soak: ${withhold ? "withheld" : "set"} ${flag}\n`);
  if (!withhold) set(flag);
};
syncBuiltinESMExports();
