import type { FactTable } from "./fact.js";

const FLAG = { kind: "flag" } as const;
const PEOPLE = { kind: "integer", minimum: 0, maximum: 64 } as const;

/** A flag that is good when it is set, and that an evidence provider establishes. */
const PROVED = { type: FLAG, absent: false, worse: "false", from: "evidence", policies: true } as const;
/** Text for whoever reads the certificate; the policies do not see it. */
const NOTE = { absent: null, worse: "other", from: "evidence", policies: false } as const;

/**
 * Every fact that a decision rests on. What the providers may find, how several findings combine, what is worse at issuance than at
 * approval, the policies' context and its Cedar schema, the neutral context of policy tests, the certificate's facts and docs/facts.md
 * follow from this table.
 */
export const FACTS = {
  tier: {
    type: { kind: "integer", minimum: 0, maximum: 3 },
    absent: 3,
    worse: "more",
    time: "stable",
    from: "request",
    policies: true,
    certificate: null,
    about: "Tier of consequence: 0 harmless, 1 low, 2 high, 3 critical.",
  },
  risk: {
    type: { kind: "integer", minimum: 0, maximum: 100 },
    absent: 100,
    worse: "more",
    time: "volatile",
    from: "risk",
    policies: true,
    certificate: "risk_score",
    about: "Risk score: the sum of the weights of the factors that hold, at most 100.",
  },
  approvals: {
    type: PEOPLE,
    absent: 0,
    worse: "less",
    time: "volatile",
    from: "approvals",
    policies: true,
    certificate: null,
    about: "Number of different people who approved this very request.",
  },
  approvals_needed: {
    type: PEOPLE,
    absent: 64,
    worse: "more",
    time: "stable",
    from: "request",
    policies: true,
    certificate: null,
    about: "Number of people that the thresholds ask for at this tier.",
  },
  tests_passed: {
    ...PROVED,
    time: "volatile",
    certificate: null,
    about: "Verified attestations of the image say that its tests passed, and none says that they did not.",
  },
  image_attested: {
    ...PROVED,
    time: "volatile",
    certificate: "image_attested",
    about: "A pinned root attested the image that is asked for.",
  },
  window_open: {
    ...PROVED,
    time: "volatile",
    certificate: null,
    about: "A deploy window of the service is open at the moment of the decision.",
  },
  freeze: {
    type: FLAG,
    absent: true,
    worse: "true",
    time: "volatile",
    from: "evidence",
    policies: true,
    certificate: null,
    about: "A freeze is in force for the service at the moment of the decision.",
  },
  previous_image: {
    ...PROVED,
    time: "stable",
    certificate: "previous_image",
    about: "The image that is asked for is the one that ran before the present one.",
  },
  live_fresh: {
    ...PROVED,
    time: "volatile",
    certificate: "live_fresh",
    about: "A fresh observation of the target by the broker is attached.",
  },
  shadow: {
    type: FLAG,
    absent: false,
    worse: "false",
    time: "stable",
    from: "request",
    policies: true,
    certificate: null,
    about: "The certificate is for shadow mode and can never execute.",
  },
  attestation_old: {
    type: FLAG,
    absent: true,
    worse: "true",
    time: "volatile",
    from: "evidence",
    policies: false,
    certificate: null,
    about: "The newest attestation used up more than half of the age that it may reach; the risk counts it.",
  },
  tests: {
    type: { kind: "word", words: ["failed", "absent", "passed"] },
    absent: "absent",
    worse: "less",
    time: "volatile",
    from: "evidence",
    policies: false,
    certificate: "tests",
    about: "What the verified attestations say about the tests.",
  },
  attested_by: {
    ...NOTE,
    type: { kind: "text", maxLength: 63 },
    time: "volatile",
    certificate: "attested_by",
    about: "Name of the pinned root that attested the image.",
  },
  window_name: {
    ...NOTE,
    type: { kind: "text", maxLength: 63 },
    absent: "closed",
    time: "volatile",
    certificate: "window",
    about: "Name of the deploy window that is open, or `closed`.",
  },
  freeze_name: {
    ...NOTE,
    type: { kind: "text", maxLength: 63 },
    absent: "unknown",
    time: "volatile",
    certificate: "freeze",
    about: "Name of the freeze that is in force, `none`, or `unknown`.",
  },
  target_version: {
    ...NOTE,
    type: { kind: "text", maxLength: 200 },
    time: "volatile",
    certificate: "target_version",
    about: "Version of the target that the broker observed.",
  },
  approver: {
    type: { kind: "names", maxLength: 256 },
    absent: null,
    worse: "other",
    time: "stable",
    from: "approvals",
    policies: false,
    certificate: "approver",
    about: "Who permitted it: `policy:<id>`, or `person:<name>` for each person without whom no policy would have.",
  },
} as const satisfies FactTable;
