import { RISK_FACTORS } from "@seb/evidence";
import { code, generated, page, table } from "./parts/markdown.mjs";
import { membersTable, WORDS } from "./parts/members.mjs";
import { built } from "./parts/routes.mjs";

export const file = "docs/config.md";

const configOf = async (app, member) => (await built(`apps/${app}/dist/config.js`))[member];
const { AgentFile } = await built("packages/agent-cli/dist/settings/agent-file.js");
const { SETTINGS } = await built("apps/seb/dist/settings.js");
const dev = await built("apps/dev/dist/configs.js");
const { NAMES } = await built("apps/dev/dist/layout.js");

const NO_PORTS = { signer: 0, broker: 0, revocation: 0 };
const CHOSEN = ["port", "public_urls", "signer_url"];

async function service(app, member, inDev) {
  const schema = await configOf(app, member);
  const values = inDev(NO_PORTS);
  const of = (path) => (CHOSEN.includes(path) ? "chosen at start" : code(JSON.stringify(values[path])));
  return [
    `### ${app}`,
    membersTable(member, `apps/${app}/src/config.ts`, { schema, more: { head: "in seb dev", of } }),
  ];
}

const DEPLOYMENT = "packages/mounts/src/servers/settings.ts";
const deployment = await built("packages/mounts/dist/servers/settings.js");
const part = (title, name) => [`#### ${title}`, membersTable(name, DEPLOYMENT, { schema: deployment[name] })];

const PROCESSES = `\`node apps/signer/dist/main.js --config signer.yaml\`, and so on: \`signer.yaml\`, \`broker.yaml\` and \`revocation.yaml\` are written by
\`seb init\`. Each has \`ver: 1\`, its settings above as \`service\`, its key files as \`keys\` (signer: \`certificate\`, \`record\`; broker: \`observation\`, \`record\`;
revocation: \`status\`, \`record\`), \`state_folder\` (its own, must survive restarts), \`bundles_folder\`, and what follows. The signer has \`evidence_folder\` and, for
sources of evidence that have settings, \`evidence\` too, the
broker \`ceilings\` and \`targets\`. Paths are relative to the file's folder. \`--check-config\` reads the file and every file that it names, connects to
nothing, and ends with 0, or with 2 and a pointer to the setting.`;

const CONTROL = "packages/schema/src/control.ts";
const SECTIONS = [
  ["actions/*.yaml", "ActionDefinition", "What an action is: parameters, scope, operation, live fields, consequences."],
  ["services/*.yaml", "ServiceDefinition", "A service and its regions."],
  ["agents/*.yaml", "AgentDefinition", "An agent: its keys, what it may ask for, until when."],
  ["people/*.yaml", "PersonDefinition", "A person who may approve."],
  ["roots/*.yaml", "RootDefinition", "A pinned key of a builder whose attestations count."],
  ["policy/windows.yaml", "Windows", "When changes may be made. A freeze wins over every window."],
  ["policy/modes.yaml", "Modes", "Shadow or enforce, by action and service; the most specific entry counts."],
  ["policy/thresholds.yaml", "Thresholds", "Numbers that signer and policies use."],
];

const control = () => SECTIONS.flatMap(([path, name, about]) => [`### ${path}`, about, membersTable(name, CONTROL)]);

const settings = () =>
  table(
    ["setting", "flag", "variable", "in the .seb folder"],
    Object.entries(SETTINGS).map(([name, { flag, env, place }]) => [
      name,
      code(flag),
      code(env),
      place === "endpoint" ? "`agent.yaml`, `endpoints`" : code(place),
    ]),
  );

const INTRO = `Every file is checked against one closed schema: a member that is not listed here is refused, as is one of another type. YAML is read
as plain data (core schema; no anchors, aliases, tags or repeated keys). Units stand in the names. \`seb config check FILE\` checks a file or
a whole control folder; \`seb config show\` says which settings are in force and where each comes from.`;

const AGENT_FILE = `Read by \`agent-cli\` and \`broker-cli\`, the nearest one at or above the working directory. Every text may be or hold
\`\${VARIABLE}\`; a variable that is missing or empty is \`setting_missing\` (exit 2), which names flag and variable. Flags and \`SEB_*\` variables
win over the file; a parameter \`image_digest\` has the flag \`--image-digest\` and the variable \`SEB_IMAGE_DIGEST\`.`;

export const render = async () =>
  page(
    "# Configuration",
    generated("config.mjs"),
    INTRO,
    "## Words",
    table(
      ["word", "meaning"],
      Object.entries(WORDS).map(([name, meaning]) => [name, meaning]),
    ),
    "## Services",
    `Settings of the three services. \`seb dev\` gives them as the third column says; audiences and names of its environment are ${Object.values(
      NAMES,
    )
      .map(code)
      .join(", ")}.`,
    await service("signer", "SignerConfig", dev.signerConfig),
    await service("broker", "BrokerConfig", dev.brokerConfig),
    await service("revocation", "RevocationConfig", dev.revocationConfig),
    "### As processes of their own",
    PROCESSES,
    part("trust", "TrustSettings"),
    part("redis", "RedisSettings"),
    part("nats", "NatsSettings"),
    part("records", "RecordSettings"),
    "## Platform: the broker's own files",
    "### ceilings.yaml",
    "Bounds that hold even for a certificate made with a stolen signer key. The digest of the file stands in every decision.",
    membersTable("Ceilings", CONTROL),
    "### targets.yaml",
    "Where the targets are. Members besides `connector` belong to the connector: for git see [its page](../packages/connector-git/README.md). The digest of the file stands in every decision.",
    membersTable("Targets", CONTROL),
    "## The control folder",
    "The folder as a whole is one bundle, known by its digest and activated by two operators. Besides the files below it holds `policy/*.cedar` and `policy/tests/*.yaml`; see `examples/control`. The Cedar schema follows from [the facts](facts.md) and the folder's actions: `seb policy schema` writes it for editors, and a folder holds no copy.",
    control(),
    "Names that `risk_weights` may weigh; any other is refused, and one without a weight adds nothing:",
    RISK_FACTORS.map((name) => `- ${code(name)}`).join("\n"),
    "## Agents and pipelines: .seb/agent.yaml",
    AGENT_FILE,
    membersTable("AgentFile", "packages/agent-cli/src/settings/agent-file.ts", { schema: AgentFile }),
    "## Operators: settings of seb",
    settings(),
    "Operators' key files: `--operator` (repeatable), `SEB_OPERATOR_KEYS` (separated by commas), or `keys/operator-*.json` of the `.seb` folder. The folder itself: `--folder`, `SEB_FOLDER`, or the nearest `.seb`.",
    "## Key files",
    'JSON of mode 0600: `{"role", "name", "jwk"}` with a private Ed25519 or P-256 JWK. Roles: `certificate`, `observation`, `status`, `record`, `order`, `approval`, `owner`, `agent`. A file of another role than asked for is refused. `trust-pins.json` is `{"owners": [thumbprint, ...], "threshold": n}`.',
  );
