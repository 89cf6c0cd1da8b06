import Type, { type TObject, type TProperties, type TRecord, type TSchema, type TString } from "typebox";

/** An object that admits no other members: every shape on the wire is closed. */
export function closed<P extends TProperties>(properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false });
}

/** A map whose keys must all fit `key`'s pattern; any other key is refused. */
export function mapOf<V extends TSchema>(key: TString, value: V, maxProperties: number): TRecord<string, V> {
  return Type.Record(key, value, { maxProperties, additionalProperties: false }) as TRecord<string, V>;
}

const text = (pattern: string, maxLength: number) => Type.String({ pattern, maxLength });

/** `"sha256:"` and 64 lower-case hexadecimal digits. */
export const Digest = text("^sha256:[0-9a-f]{64}$", 71);
/** RFC 7638 SHA-256 thumbprint, base64url: 43 characters. */
export const Thumbprint = text("^[A-Za-z0-9_-]{43}$", 43);
/** `c_` and 26 lower-case base32 characters: 130 random bits. */
export const CertId = text("^c_[a-z2-7]{26}$", 28);
/** `r_` a request that the signer answered, `u_` one that never reached it, `p_` one that waits for people. */
export const RequestId = text("^[rup]_[a-z2-7]{26}$", 28);
/** `o_` and 26 base32 characters: an operator's order. */
export const OrderId = text("^o_[a-z2-7]{26}$", 28);
/** Identifier of an action, service, region, target, policy, ...: a DNS label of at most 63 characters. */
export const Name = text("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", 63);
/** Identifier of a parameter, scope key or fact: lower-case snake case, at most 40 characters. */
export const Key = text("^[a-z][a-z0-9_]{0,39}$", 40);
/** `agent:<name>`. */
export const Subject = text("^agent:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", 69);
/** `service:<service>/region:<region>`. */
export const Resource = text("^service:[a-z0-9-]{1,63}/region:[a-z0-9-]{1,63}$", 144);
/** Environment of one broker, e.g. `broker:dev`. */
export const Audience = text("^[a-z][a-z0-9:.-]{0,99}$", 100);
/** Issuer of a signed object, e.g. `signer:dev`. */
export const Issuer = text("^[a-z][a-z0-9:./-]{0,99}$", 100);
/** Instance of a service that writes a chain of records, e.g. `broker-1`. */
export const Instance = Name;
/** Seconds since the Unix epoch: an integer between 0 and 2^40. */
export const Seconds = Type.Integer({ minimum: 0, maximum: 1_099_511_627_776 });
/** Milliseconds since the Unix epoch: a safe integer. */
export const Milliseconds = Type.Integer({ minimum: 0, maximum: 9_007_199_254_740_991 });
/** A counter: epochs, sequences, fences, generations. */
export const Counter = Type.Integer({ minimum: 0, maximum: 9_007_199_254_740_991 });
/** Text for people: printable, one line, at most 500 characters. */
export const Line = text("^[^\\u0000-\\u001f\\u007f]*$", 500);
/** A parameter or scope value: text, integer, boolean or a list of texts. */
export const Scalar = Type.Union([
  Type.String({ maxLength: 512, pattern: "^[^\\u0000-\\u001f\\u007f]*$" }),
  Type.Integer({ minimum: -9_007_199_254_740_991, maximum: 9_007_199_254_740_991 }),
  Type.Boolean(),
]);
export const ScopeValue = Type.Union([Scalar, Type.Array(Type.String({ maxLength: 256 }), { maxItems: 32 })]);
/** Parameters or scope: at most 24 keys. */
export const Values = mapOf(Key, ScopeValue, 24);
/** Tier of consequence: 0 harmless, 1 low, 2 high, 3 critical. */
export const Tier = Type.Integer({ minimum: 0, maximum: 3 });
export const Mode = Type.Union([Type.Literal("enforce"), Type.Literal("shadow")]);
export const Ver = Type.Literal(1);

/** Public JWK of an accepted kind: OKP Ed25519 (RFC 8037) or EC P-256 (RFC 7518). */
export const PublicJwk = Type.Union([
  closed({ kty: Type.Literal("OKP"), crv: Type.Literal("Ed25519"), x: text("^[A-Za-z0-9_-]{43}$", 43) }),
  closed({
    kty: Type.Literal("EC"),
    crv: Type.Literal("P-256"),
    x: text("^[A-Za-z0-9_-]{43}$", 43),
    y: text("^[A-Za-z0-9_-]{43}$", 43),
  }),
]);
