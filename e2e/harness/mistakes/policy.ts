import { type Row, swap, whole } from "./row.js";

type Short = readonly [
  name: string,
  file: string,
  change: Row["change"],
  field: string | undefined,
  at: string | undefined,
  found: string,
  near?: string,
];

const WINDOWS = "policy/windows.yaml";
const MODES = "policy/modes.yaml";
const THRESHOLDS = "policy/thresholds.yaml";
const TESTS = "policy/tests/deploy.yaml";
/** One more window, which begins with what its row is about. */
const window = (members: string) =>
  swap("freezes:", `  - { ${members}, days: [mon], from: "09:00", to: "16:00", services: ["*"] }\nfreezes:`);
const test = (members: string) =>
  swap("tests:\n", `tests:\n  - { ${members}, with: {}, expect: [auto-low-risk-v2] }\n`);

/** Names and numbers that the other files contradict. */
const SENSE: readonly Short[] = [
  [
    "a zone that is none",
    WINDOWS,
    window("name: a, zone: Europe/Berln"),
    "/windows/1/zone",
    "Berln",
    "`Europe/Berln`",
    "Europe/Berlin",
  ],
  [
    "a window of no service",
    WINDOWS,
    swap(
      "freezes:",
      '  - { name: b, services: [serch], zone: UTC, days: [mon], from: "09:00", to: "10:00" }\nfreezes:',
    ),
    "/windows/2/services/0",
    "serch",
    "`serch`",
    "search",
  ],
  [
    "a day twice",
    WINDOWS,
    swap(
      "freezes:",
      '  - { name: c, services: ["*"], zone: UTC, days: [mon, mon], from: "09:00", to: "10:00" }\nfreezes:',
    ),
    "/windows/3/days/1",
    "mon, mon",
    "`mon` again",
  ],
  [
    "a window without time",
    WINDOWS,
    swap("freezes:", '  - { name: d, services: ["*"], zone: UTC, days: [mon], from: "09:00", to: "09:00" }\nfreezes:'),
    "/windows/4/to",
    'to: "09:00"',
    "`09:00`",
  ],
  ["a name twice", WINDOWS, window("name: always, zone: UTC"), "/windows/5/name", "name: always, zone", "`always`"],
  [
    "a freeze that ends before it begins",
    WINDOWS,
    swap("freezes: []", 'freezes:\n  - { name: f, services: ["*"], from: 2000000000, to: 1900000000, reason: x }'),
    "/freezes/0/to",
    "1900000000",
    "1900000000",
  ],
  [
    "a freeze in 1970",
    WINDOWS,
    (text) => `${text}  - { name: g, services: ["*"], from: 0, to: 20301231, reason: x }\n`,
    "/freezes/1/to",
    "20301231",
    "20301231",
  ],
  ["a mode of no action", MODES, swap("  scale:", "  sclae:"), "/actions/sclae", "sclae", "`sclae`", "scale"],
  [
    "a mode of no service",
    MODES,
    swap("search: shadow", "saerch: shadow"),
    "/actions/sclae/services/saerch",
    "saerch",
    "`saerch`",
    "search",
  ],
  [
    "a higher tier that lives longer",
    THRESHOLDS,
    swap("[90, 90, 60, 30]", "[90, 90, 60, 70]"),
    "/certificate_ttl_seconds/3",
    "certificate_ttl",
    "70 for tier 3",
  ],
  [
    "a higher tier with fewer people",
    THRESHOLDS,
    swap("[1, 1, 1, 2]", "[2, 1, 2, 2]"),
    "/approvals/1",
    "approvals:",
    "1 for tier 1",
  ],
  [
    "a group of nobody",
    THRESHOLDS,
    swap("approver_group: approvers", "approver_group: aprovers"),
    "/approver_group",
    "aprovers",
    "`aprovers`",
    "approvers",
  ],
  [
    "a test of no agent",
    TESTS,
    test("name: t1, agent: oncall-v4, action: deploy, service: checkout, region: us-east-1"),
    "/tests/4/agent",
    "name: t1,",
    "`oncall-v4`",
    "oncall-v3",
  ],
  [
    "a test of no action",
    TESTS,
    test("name: t2, agent: oncall-v3, action: depoly, service: checkout, region: us-east-1"),
    "/tests/3/action",
    "name: t2,",
    "`depoly`",
    "deploy",
  ],
  [
    "a test of no service",
    TESTS,
    test("name: t3, agent: oncall-v3, action: deploy, service: chekcout, region: us-east-1"),
    "/tests/2/service",
    "name: t3,",
    "`chekcout`",
    "checkout",
  ],
  [
    "a test of no region",
    TESTS,
    test("name: t4, agent: oncall-v3, action: deploy, service: checkout, region: us-east-2"),
    "/tests/1/region",
    "name: t4,",
    "`us-east-2`",
    "us-east-1",
  ],
  [
    "a test of a name twice",
    TESTS,
    test("name: untested is denied, agent: oncall-v3, action: deploy, service: checkout, region: us-east-1"),
    "/tests/11/name",
    undefined,
    "`untested is denied`",
  ],
];

/** What does not fit the shape of its file. */
const SHAPE: readonly Short[] = [
  [
    "a day misspelt",
    WINDOWS,
    swap("[mon, tue, wed, thu, fri,", "[mon, tues, wed, thu, fri,"),
    "/windows/0/days/1",
    "tues",
    "`tues`",
    "tue",
  ],
  ["a time without its zero", WINDOWS, swap('from: "00:00"', 'from: "9:00"'), "/windows/0/from", '"9:00"', "`9:00`"],
  [
    "no service",
    WINDOWS,
    swap('services: ["*"]\n', "services: []\n"),
    "/windows/0/services",
    "services: []",
    "an empty list",
  ],
  ["a freeze misspelt", WINDOWS, swap("freezes:", "freeze:"), "/freeze", "freeze:", "the field `freeze`", "freezes"],
  [
    "a mode misspelt",
    MODES,
    swap("default: enforce\nactions", "default: enforced\nactions"),
    "/default",
    "enforced",
    "`enforced`",
    "enforce",
  ],
  [
    "a mode for a service misspelt",
    MODES,
    swap("search: shadow", "search: shadwo"),
    "/actions/scale/services/search",
    "shadwo",
    "`shadwo`",
    "shadow",
  ],
  [
    "an action that is no name",
    MODES,
    (text) => `${text}  Scale:\n    default: enforce\n    services: {}\n`,
    "/actions/Scale",
    "Scale:",
    "the field `Scale`",
  ],
  [
    "a risk factor misspelt",
    THRESHOLDS,
    swap("tests_missing:", "test_missing:"),
    "/risk_weights/test_missing",
    "test_missing",
    "the field `test_missing`",
    "tests_missing",
  ],
  [
    "a weight over 100",
    THRESHOLDS,
    swap("tier_critical: 60", "tier_critical: 600"),
    "/risk_weights/tier_critical",
    "600",
    "600",
  ],
  [
    "three tiers",
    THRESHOLDS,
    swap("[90, 90, 60, 30]", "[90, 90, 60]"),
    "/certificate_ttl_seconds",
    "[90, 90, 60]",
    "a list of 3",
  ],
  [
    "a deadline in seconds",
    THRESHOLDS,
    swap("evidence_deadline_ms: 3000", "evidence_deadline_ms: 3"),
    "/evidence_deadline_ms",
    "evidence_deadline_ms: 3",
    "3",
  ],
  [
    "a field of a test misspelt",
    TESTS,
    swap("action: deploy", "acton: deploy"),
    "/tests/0/acton",
    "acton",
    "the field `acton`",
    "action",
  ],
  [
    "a fact that is none",
    TESTS,
    swap("{ risk: 30 }", "{ rsik: 30 }"),
    "/tests/3/with/rsik",
    "rsik",
    "the field `rsik`",
    "risk",
  ],
  [
    "a fact of the wrong type",
    TESTS,
    swap("{ risk: 31 }", "{ risk: high }"),
    "/tests/4/with/risk",
    "risk: high",
    "the text `high`",
  ],
];

/** What is misplaced, missing, or no text. */
const FILES: readonly Short[] = [
  ["no windows", WINDOWS, () => undefined, undefined, undefined, "no such file"],
  ["a file that belongs nowhere", "notes.txt", whole("hello\n"), undefined, undefined, "does not belong here"],
  [
    "another suffix",
    "actions/restart.yml",
    whole("ver: 1\n"),
    undefined,
    undefined,
    "does not belong here",
    "actions/restart.yaml",
  ],
  [
    "another folder",
    "agent/night.yaml",
    whole("ver: 1\n"),
    undefined,
    undefined,
    "does not belong here",
    "agents/night.yaml",
  ],
  [
    "a name in capitals",
    "services/Payments.yaml",
    whole("ver: 1\n"),
    undefined,
    undefined,
    "does not belong here",
    "services/payments.yaml",
  ],
  [
    "a folder in a folder",
    "actions/shop/restart.yaml",
    whole("ver: 1\n"),
    undefined,
    undefined,
    "does not belong here",
  ],
  ["too large a file", "actions/large.yaml", whole(`# ${"x".repeat(70_000)}\n`), undefined, undefined, "70003 bytes"],
  [
    "bytes that are no text",
    "agents/oncall-v3.yaml",
    whole(Buffer.from([0x76, 0xff, 0xfe])),
    undefined,
    undefined,
    "not UTF-8",
  ],
];

const rowsOf = (rows: readonly Short[], what: string): readonly Row[] =>
  rows.map(([name, file, change, field, at, found, near]) => ({
    name: `${what} ${name}`,
    file,
    change,
    found,
    ...(field === undefined ? {} : { field }),
    ...(at === undefined ? {} : { at }),
    ...(near === undefined ? {} : { near }),
  }));

export const POLICY_SENSE_ROWS = rowsOf(SENSE, "policy files with");
export const POLICY_SHAPE_ROWS = rowsOf(SHAPE, "policy files with");
export const FILE_ROWS = rowsOf(FILES, "a folder with");
