// `seb dev` fails as every service does: an expected failure with its code.
export { need, StartError as DevError } from "@seb/service-kit";
