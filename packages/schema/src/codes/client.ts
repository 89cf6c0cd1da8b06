import { row } from "./entry.js";

/** Failures that arise in the command lines and the SDK, before or instead of an answer. */
export const CLIENT_CODES = {
  usage: row(400, "client", "never", 2, "The command was used wrongly.", "See --help."),
  setting_missing: row(
    400,
    "client",
    "never",
    2,
    "A setting is missing.",
    "Give the flag or the variable that the detail names.",
  ),
  setting_invalid: row(400, "client", "never", 2, "A setting is wrong.", "Correct the setting that the detail names."),
  unreachable: row(
    503,
    "service",
    "same",
    3,
    "The service could not be reached.",
    "Check the address and that the service runs.",
  ),
  no_answer: row(
    504,
    "service",
    "same",
    3,
    "The service did not answer in time.",
    "Check the service, then try again.",
  ),
  answer_invalid: row(
    502,
    "service",
    "same",
    3,
    "The answer is not one that this service gives.",
    "Check the address.",
  ),
  certificate_absent: row(
    400,
    "client",
    "never",
    1,
    "There is no certificate: the request was refused.",
    "See the refusal, of the signer or the broker, by its request id.",
  ),
  certificate_unasked: row(
    400,
    "client",
    "same",
    3,
    "There is no certificate: nothing answered the request.",
    "Run agent-cli request-cert again.",
  ),
  certificate_old: row(
    400,
    "client",
    "new-certificate",
    2,
    "The stored certificate is older than 10 minutes.",
    "Run agent-cli request-cert again.",
  ),
} as const;
