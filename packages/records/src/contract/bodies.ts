import type { BodyOf } from "@seb/schema";

/** A record that may not use a sink's reserve, told apart by its number. */
export const numbered = (number: number): readonly ["refusal", BodyOf<"refusal">] => [
  "refusal",
  { code: "expired", request_id: String(number) },
];

/** A record that finishes something, so that it may use a sink's reserve. */
export const finishing = (number: number): readonly ["takeover", BodyOf<"takeover">] => [
  "takeover",
  { cert_id: `c_${"a".repeat(26)}`, fence: number, from_broker: "broker-2", from_boot: 1, take_seq: 1 },
];

/** The number of a record that {@link numbered} made; none of others. */
export const numberOf = ({ body }: { readonly body: Readonly<Record<string, unknown>> }): readonly number[] =>
  typeof body.request_id === "string" ? [Number(body.request_id)] : [];
