import { ADMISSION } from "./admission.mjs";
import { CONTROL } from "./control.mjs";
import { ISSUANCE } from "./issuance.mjs";
import { KUBERNETES } from "./kubernetes.mjs";
import { RECORDS_AND_SECRETS } from "./records.mjs";
import { REVOCATION } from "./revocation.mjs";
import { STORES } from "./stores.mjs";
import { TOKENS } from "./tokens.mjs";

/** Every mutant, in the order in which they run. */
export const MUTANTS = [
  ...TOKENS,
  ...ADMISSION,
  ...REVOCATION,
  ...CONTROL,
  ...ISSUANCE,
  ...RECORDS_AND_SECRETS,
  ...KUBERNETES,
  ...STORES,
];
