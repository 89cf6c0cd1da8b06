import Type, { type Static } from "typebox";
import {
  Audience,
  closed,
  Key,
  Line,
  Mode,
  mapOf,
  Name,
  PublicJwk,
  Seconds,
  Subject,
  Thumbprint,
  Tier,
} from "./words.js";

/** How a scope key bounds the parameter it names. */
export const BoundBy = Type.Union([
  Type.Literal("equals"),
  Type.Literal("at_most"),
  Type.Literal("at_least"),
  Type.Literal("one_of"),
  Type.Literal("subset"),
  Type.Literal("prefix"),
]);
export type BoundBy = Static<typeof BoundBy>;

/** A parameter of an action. */
export const ParameterDefinition = Type.Union([
  closed({
    type: Type.Literal("string"),
    pattern: Type.String({ maxLength: 200 }),
    max_length: Type.Integer({ minimum: 1, maximum: 512 }),
    description: Line,
  }),
  closed({ type: Type.Literal("integer"), minimum: Type.Integer(), maximum: Type.Integer(), description: Line }),
  closed({
    type: Type.Literal("enum"),
    values: Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, maxItems: 32 }),
    description: Line,
  }),
  closed({ type: Type.Literal("boolean"), description: Line }),
]);
export type ParameterDefinition = Static<typeof ParameterDefinition>;

/** A live field that matters: `at` is what the connector understands, e.g. a JSON pointer into a YAML document. */
export const LiveField = closed({
  at: Type.String({ maxLength: 300 }),
  show: Type.Boolean(),
  previous: Type.Optional(Type.Boolean()),
});

/**
 * `control/actions/<name>.yaml`. In `operation`, a string that is exactly `{{parameters.x}}` or `{{service.x}}` is replaced by the
 * value; inside a longer string the value is inserted as text.
 */
export const ActionDefinition = closed({
  ver: Type.Literal(1),
  name: Name,
  description: Line,
  connector: Name,
  parameters: mapOf(Key, ParameterDefinition, 16),
  /** Parameters that are left open in the contract, to be chosen at execution within the scope. */
  open: Type.Array(Key, { maxItems: 8 }),
  scope: mapOf(Key, closed({ bounds: Key, by: BoundBy }), 16),
  operation: mapOf(Key, Type.Unknown(), 16),
  live: mapOf(Key, LiveField, 16),
  reconcile: Type.Union([Type.Literal("exact"), Type.Literal("state"), Type.Literal("none")]),
  identity: Type.Union([Type.Literal("minted"), Type.Literal("held")]),
  timeout_seconds: Type.Integer({ minimum: 1, maximum: 120 }),
  /** Tier of the action itself; factors can only raise it. */
  tier: Tier,
  /** Raise the tier to `tier` when an open parameter's worst value passes a threshold. */
  consequences: Type.Array(closed({ parameter: Key, above: Type.Integer(), tier: Tier, reason: Line }), {
    maxItems: 16,
  }),
});
export type ActionDefinition = Static<typeof ActionDefinition>;

/** One region of `control/services/<name>.yaml`. */
export const ServiceRegion = closed({
  audience: Audience,
  target: Name,
  /** Values that operation templates may use as `{{service.<key>}}`. */
  values: mapOf(Key, Type.String({ maxLength: 300, pattern: "^[!-~]*$" }), 24),
});
export const ServiceDefinition = closed({
  ver: Type.Literal(1),
  name: Name,
  owner: Name,
  description: Line,
  /** The repository that attested images must be named after, e.g. `registry.example/checkout`. */
  image_repository: Type.String({ maxLength: 200, pattern: "^[a-z0-9./:_-]+$" }),
  source_repository: Type.String({ maxLength: 300, pattern: "^[!-~]+$" }),
  tier: Tier,
  regions: mapOf(Name, ServiceRegion, 64),
});
export type ServiceDefinition = Static<typeof ServiceDefinition>;

/** `control/agents/<name>.yaml`. */
export const AgentDefinition = closed({
  ver: Type.Literal(1),
  subject: Subject,
  owner: Name,
  keys: Type.Array(Thumbprint, { minItems: 1, maxItems: 16 }),
  actions: Type.Array(Name, { minItems: 1, maxItems: 64 }),
  expires: Seconds,
});
export type AgentDefinition = Static<typeof AgentDefinition>;

/** `control/people/<name>.yaml`: who may approve. */
export const PersonDefinition = closed({
  ver: Type.Literal(1),
  name: Name,
  groups: Type.Array(Name, { maxItems: 32 }),
  keys: Type.Array(closed({ kid: Thumbprint, jwk: PublicJwk }), { minItems: 1, maxItems: 8 }),
  /** Agents this person answers for: their approval of those agents' requests does not count. */
  agents: Type.Array(Subject, { maxItems: 64 }),
});
export type PersonDefinition = Static<typeof PersonDefinition>;

/** `control/roots/<name>.yaml`: a pinned key of an attestation builder. */
export const RootDefinition = closed({
  ver: Type.Literal(1),
  name: Name,
  /** DSSE keyid that envelopes name. */
  keyid: Type.String({ minLength: 1, maxLength: 128, pattern: "^[!-~]+$" }),
  jwk: PublicJwk,
  predicate_types: Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 16 }),
  expires: Seconds,
});
export type RootDefinition = Static<typeof RootDefinition>;

const Clock = Type.String({ pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$", maxLength: 5 });
/** `control/policy/windows.yaml`: when changes may be made; freezes win over windows. */
export const Windows = closed({
  ver: Type.Literal(1),
  windows: Type.Array(
    closed({
      name: Name,
      /** Services it applies to; `*` for all. */
      services: Type.Array(Type.String({ pattern: "^(\\*|[a-z0-9-]{1,63})$" }), { minItems: 1 }),
      /** IANA time zone. */
      zone: Type.String({ maxLength: 64 }),
      days: Type.Array(
        Type.Union([
          Type.Literal("mon"),
          Type.Literal("tue"),
          Type.Literal("wed"),
          Type.Literal("thu"),
          Type.Literal("fri"),
          Type.Literal("sat"),
          Type.Literal("sun"),
        ]),
        { minItems: 1 },
      ),
      /** Local times; from is included, to is not; `00:00` to `24:00` is written from 00:00 to 00:00. */
      from: Clock,
      to: Clock,
    }),
    { maxItems: 64 },
  ),
  freezes: Type.Array(
    closed({
      name: Name,
      services: Type.Array(Type.String({ pattern: "^(\\*|[a-z0-9-]{1,63})$" }), { minItems: 1 }),
      from: Seconds,
      to: Seconds,
      reason: Line,
    }),
    { maxItems: 64 },
  ),
});
export type Windows = Static<typeof Windows>;

/** `control/policy/modes.yaml`: shadow or enforce; the most specific entry counts, `default` otherwise. */
export const Modes = closed({
  ver: Type.Literal(1),
  default: Mode,
  actions: mapOf(Name, closed({ default: Mode, services: mapOf(Name, Mode, 256) }), 256),
});
export type Modes = Static<typeof Modes>;

const weight = Type.Optional(Type.Integer({ minimum: 0, maximum: 100 }));
/** Weight of each risk factor, 0 to 100; a factor without a weight adds nothing. */
export const RiskWeights = closed({
  image_changed: weight,
  replicas_raised: weight,
  replicas_doubled: weight,
  tier_high: weight,
  tier_critical: weight,
  outside_window: weight,
  tests_missing: weight,
  attestation_missing: weight,
  attestation_old: weight,
  live_state_missing: weight,
  recent_denials: weight,
});
export type RiskFactor = keyof Static<typeof RiskWeights>;

/** `control/policy/thresholds.yaml`: numbers that the signer and the policies use. */
export const Thresholds = closed({
  ver: Type.Literal(1),
  /** Life of a certificate by tier 0 to 3, in seconds. */
  certificate_ttl_seconds: Type.Array(Type.Integer({ minimum: 5, maximum: 300 }), { minItems: 4, maxItems: 4 }),
  evidence_deadline_ms: Type.Integer({ minimum: 50, maximum: 10_000 }),
  /** The score is the sum of the weights of the factors that hold, at most 100. */
  risk_weights: RiskWeights,
  /** People needed by tier 0 to 3 under human-approved. */
  approvals: Type.Array(Type.Integer({ minimum: 1, maximum: 8 }), { minItems: 4, maxItems: 4 }),
  approval_ttl_seconds: Type.Integer({ minimum: 60, maximum: 604_800 }),
  approver_group: Name,
  attestation_max_age_seconds: Type.Integer({ minimum: 60, maximum: 31_536_000 }),
});
export type Thresholds = Static<typeof Thresholds>;

/** `ceilings.yaml` of the broker: bounds that hold even for a stolen signer key. */
export const Ceilings = closed({
  ver: Type.Literal(1),
  actions: Type.Array(Name, { maxItems: 256 }),
  /** Resources or patterns with `*` for service or region. */
  resources: Type.Array(Type.String({ pattern: "^service:([a-z0-9-]{1,63}|\\*)/region:([a-z0-9-]{1,63}|\\*)$" }), {
    maxItems: 256,
  }),
  subjects: Type.Array(Type.String({ pattern: "^agent:([a-z0-9-]{1,63}|\\*)$" }), { maxItems: 256 }),
  max_tier: Tier,
  max_lifetime_seconds: Type.Integer({ minimum: 5, maximum: 600 }),
  executions_per_hour: Type.Integer({ minimum: 0, maximum: 100_000 }),
  executions_per_hour_per_resource: Type.Integer({ minimum: 0, maximum: 100_000 }),
});
export type Ceilings = Static<typeof Ceilings>;

/** `targets.yaml` of the broker: endpoints and credential files, one entry per target; the rest belongs to its connector. */
export const Targets = closed({
  ver: Type.Literal(1),
  targets: mapOf(Name, Type.Object({ connector: Name }, { additionalProperties: true }), 256),
});
export type Targets = Static<typeof Targets>;
