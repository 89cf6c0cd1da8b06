import { all, type Row, swap, whole } from "./row.js";

type Short = readonly [
  name: string,
  change: Row["change"],
  field: string | undefined,
  at: string | undefined,
  found: string,
  near?: string,
];

const IMAGE = '"{{service.image_repository}}@{{parameters.image_digest}}"';
const SET = "/operation/edits/0/set";
const IMAGE_AT = `${SET}/~1spec~1template~1spec~1containers~10~1image`;
const REASON = `  reason:
    type: string
    pattern: "^[a-z]+$"
    max_length: 20
    description: Why
open:`;
const CONSEQUENCE = "{ parameter: replicas, above: 20, tier: 2,";
const PATTERN = '"^sha256:[0-9a-f]{64}$"';

/** In the shape of an action. */
const SHAPE: readonly Short[] = [
  [
    "a field misspelt",
    swap("reconcile:", "reconcil:"),
    "/reconcil",
    "reconcil: exact",
    "the field `reconcil`",
    "reconcile",
  ],
  [
    "a field nobody knows",
    swap("tier: 1\n", "tier: 1\ncommand: ls\n"),
    "/command",
    "command: ls",
    "the field `command`",
  ],
  ["a field missing", swap("timeout_seconds: 30\n", ""), "/timeout_seconds", undefined, "nothing"],
  [
    "text for a number",
    swap("timeout_seconds: 30", 'timeout_seconds: "30"'),
    "/timeout_seconds",
    '"30"',
    "the text `30`",
  ],
  ["a number out of range", swap("timeout_seconds: 30", "timeout_seconds: 3000"), "/timeout_seconds", "3000", "3000"],
  ["a word misspelt", swap("reconcile: exact", "reconcile: exactly"), "/reconcile", "exactly", "`exactly`", "exact"],
  ["a bound misspelt", swap("by: at_most", "by: at_mots"), "/scope/max_replicas/by", "at_mots", "`at_mots`", "at_most"],
  [
    "a type misspelt",
    swap("type: integer", "type: integre"),
    "/parameters/replicas/type",
    "integre",
    "`integre`",
    "integer",
  ],
  [
    "a bound of the wrong type",
    swap("maximum: 50", "maximum: many"),
    "/parameters/replicas/maximum",
    "many",
    "the text `many`",
  ],
  [
    "a flag that older YAML knew",
    swap("show: true, previous", "show: yes, previous"),
    "/live/image/show",
    "yes",
    "the text `yes`",
  ],
  ["an old version", swap("ver: 1", "ver: 0"), "/ver", "ver: 0", "0"],
  ["an empty file", whole(""), undefined, undefined, "an empty file"],
  ["a list", whole("- deploy\n"), undefined, undefined, "a list of 1"],
];

/** As YAML. */
const YAML: readonly Short[] = [
  ["a key twice", swap("tier: 1\n", "tier: 1\ntier: 1\n"), "/tier", undefined, "the key `tier` again"],
  ["a tab", swap("  branch: main", "\tbranch: main"), undefined, "\tbranch", "a tab as indentation"],
  ["an anchor", swap("tier: 1", "tier: &one 1"), "/tier", "&one", "an anchor"],
  ["an alias", swap("open: [replicas]", "open: *names"), "/open", "*names", "an alias"],
  ["a tag", swap("open: [replicas]", "open: !set [replicas]"), "/open", "!set", "a tag"],
  [
    "a quote that is not closed",
    swap('edits:\n    - path: "{{service.path}}"', 'edits:\n    - path: "{{service.path}}'),
    undefined,
    undefined,
    "",
  ],
  [
    "a colon in text",
    swap("description: Deploy an image", "description: Deploy: an image"),
    undefined,
    "Deploy: an",
    "a mapping within a line",
  ],
  ["a second document", swap("tier: 1\n", "---\ntier: 1\n"), undefined, "---", "a second document"],
  [
    "a huge number",
    swap("maximum: 50", "maximum: 1e999"),
    "/parameters/replicas/maximum",
    "1e999",
    "a number out of range",
  ],
  ["a directive", (text) => `%YAML 1.2\n---\n${text}`, undefined, "%YAML", "a directive"],
  ["a byte order mark", (text) => `\ufeff${text}`, undefined, "\ufeff", "a byte order mark"],
];

/** Names within the action. */
const NAMES: readonly Short[] = [
  [
    "a bound of no parameter",
    swap("bounds: replicas", "bounds: replica"),
    "/scope/max_replicas/bounds",
    "bounds: replica,",
    "`replica`",
    "replicas",
  ],
  [
    "an open parameter that is none",
    swap("open: [replicas]", "open: [replicas, image]"),
    "/open/1",
    "open:",
    "`image`",
  ],
  [
    "an open parameter twice",
    swap("open: [replicas]", "open: [replicas, replicas]"),
    "/open/1",
    "open:",
    "`replicas` again",
  ],
  ["open text", swap("open: [replicas]", "open: [replicas, image_digest]"), "/open/1", "open:", "of type string"],
  [
    "a template's parameter",
    swap("parameters.image_digest}}", "parameters.image_digset}}"),
    IMAGE_AT,
    "digset",
    "image_digset",
    "image_digest",
  ],
  [
    "a service's value",
    swap("{{service.path}}", "{{service.paht}}"),
    "/operation/edits/0/path",
    "paht",
    "{{service.paht}}",
    "path",
  ],
  [
    "half a variable",
    swap("{{service.path}}", "{{service.path}"),
    "/operation/edits/0/path",
    "- path",
    "`{{service.path}`",
  ],
  [
    "blanks in a variable",
    swap("{{service.path}}", "{{ service.path }}"),
    "/operation/edits/0/path",
    "- path",
    "{{ service.path }}",
  ],
  [
    "another kind of variable",
    swap("{{service.path}}", "{{env.HOME}}"),
    "/operation/edits/0/path",
    "env.HOME",
    "{{env.HOME}}",
  ],
  [
    "$open of no parameter",
    swap("$open: replicas", "$open: replica"),
    `${SET}/~1spec~1replicas`,
    "$open",
    "{$open: replica}",
    "replicas",
  ],
  ["$open of a fixed one", swap(IMAGE, "{ $open: image_digest }"), IMAGE_AT, "image_digest }", "which is not open"],
  [
    "an open one as a variable",
    swap("{ $open: replicas }", '"{{parameters.replicas}}"'),
    `${SET}/~1spec~1replicas`,
    "{{parameters.replicas",
    "which is open",
  ],
  [
    "another key with $",
    swap("$open: replicas", "$eval: replicas"),
    `${SET}/~1spec~1replicas/$eval`,
    "$eval",
    "the key `$eval`",
  ],
  [
    "a parameter without use",
    all(swap("open:", REASON), swap("scope:", "scope:\n  reason: { bounds: reason, by: equals }")),
    "/parameters/reason",
    "  reason:",
    "does not use",
  ],
  [
    "a parameter without bound",
    swap("  max_replicas: { bounds: replicas, by: at_most }\n", ""),
    "/parameters/replicas",
    "  replicas:",
    "no scope key bounds",
  ],
  [
    "a parameter neither open nor fixed",
    swap("image_digest, by: equals", "image_digest, by: prefix"),
    "/parameters/image_digest",
    "  image_digest:",
    "neither open nor fixed",
  ],
  [
    "an open one that is fixed",
    swap("by: at_most", "by: equals"),
    "/scope/max_replicas/by",
    "bounds: replicas, by: equals",
    "`equals`",
  ],
  ["a number by prefix", swap("by: at_most", "by: prefix"), "/scope/max_replicas/by", "by: prefix", "`prefix`"],
  [
    "what is observed by parameters",
    swap("at: /spec/replicas", 'at: "/spec/{{parameters.replicas}}"'),
    "/live/replicas/at",
    'at: "/spec',
    "{{parameters.replicas}}",
  ],
  [
    "a file of another name",
    (text) => text.replace(/^name: .*$/m, "name: deploi"),
    "/name",
    "name: deploi",
    "`deploi`",
  ],
  ["no connector", swap("connector: git", "connector: gti"), "/connector", "gti", "`gti`", "git"],
  ["no format", swap("format: yaml", "format: yml"), "/operation/edits/0/format", "yml", "`yml`"],
];

/** Numbers, patterns and consequences that cannot be meant. */
const VALUES: readonly Short[] = [
  [
    "a minimum over the maximum",
    swap("minimum: 1", "minimum: 60"),
    "/parameters/replicas/minimum",
    "minimum: 60",
    "60",
  ],
  [
    "a pattern without anchors",
    swap(PATTERN, '"sha256:[0-9a-f]{64}"'),
    "/parameters/image_digest/pattern",
    "pattern:",
    "must start with ^",
  ],
  [
    "a pattern that nests",
    swap(PATTERN, '"^(?:[a-f0-9]+)+$"'),
    "/parameters/image_digest/pattern",
    "pattern:",
    "nested quantifiers",
  ],
  [
    "a pattern that takes too long",
    swap(PATTERN, `"^${"a?".repeat(18)}[a]{480}b$"`),
    "/parameters/image_digest/pattern",
    "pattern:",
    "too long",
  ],
  [
    "a pattern that no text can fit",
    swap("max_length: 71", "max_length: 64"),
    "/parameters/image_digest/max_length",
    "max_length",
    "64",
  ],
  [
    "a consequence of no parameter",
    swap(CONSEQUENCE, "{ parameter: replica, above: 20, tier: 2,"),
    "/consequences/0/parameter",
    "above: 20",
    "`replica`",
    "replicas",
  ],
  [
    "a consequence that never comes",
    swap(CONSEQUENCE, "{ parameter: replicas, above: 50, tier: 2,"),
    "/consequences/0/above",
    "above: 50",
    "50",
  ],
  [
    "a consequence without effect",
    swap(CONSEQUENCE, "{ parameter: replicas, above: 20, tier: 1,"),
    "/consequences/0/tier",
    "above: 20",
    "1",
  ],
];

/** Each in an action of its own: a copy of `deploy` under another name. */
export const ACTION_ROWS: readonly Row[] = [...SHAPE, ...YAML, ...NAMES, ...VALUES].map(
  ([name, change, field, at, found, near], index) => ({
    name: `an action with ${name}`,
    file: `actions/broken-${index + 1}.yaml`,
    change,
    found,
    ...(field === undefined ? {} : { field }),
    ...(at === undefined ? {} : { at }),
    ...(near === undefined ? {} : { near }),
  }),
);
