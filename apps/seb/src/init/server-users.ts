import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../write-file.js";
import type { Plan } from "./plan.js";

/** What the repository ships for the servers: this file lies four levels below its root, in the sources and in the build. */
const INFRA = fileURLToPath(new URL("../../../../infra/", import.meta.url));
const SECRET_MODE = 0o600;
type Server = "redis" | "nats";

const shipped = (path: string) => readFileSync(`${INFRA}${path}`, "utf8");

/** The file in which a user's password is kept: with the service that connects as that user, else beside the server. */
function passwordFile(plan: Plan, server: Server, user: string): string {
  const instance = plan.instances.find(({ name, redisUser }) => user === redisUser || user === name);
  return instance === undefined ? `servers/${server}/${user}.password` : `${instance.folder}/${server}.password`;
}

function makePassword(plan: Plan, server: Server, user: string): string {
  const password = randomBytes(32).toString("base64url");
  writeWhole(plan.at(passwordFile(plan, server, user)), `${password}\n`, SECRET_MODE);
  return password;
}

const userOf = (name: string) => name.toLowerCase().replaceAll("_", "-");

function writeRedisUsers(plan: Plan): void {
  const lines = shipped("redis/users.acl.template")
    .split("\n")
    .filter((line) => line.startsWith("user "))
    .map((line) =>
      line.replace(/\$\{([A-Z0-9_]+)_PASSWORD_SHA256\}/, (_all, name: string) =>
        createHash("sha256")
          .update(makePassword(plan, "redis", userOf(name)))
          .digest("hex"),
      ),
    );
  writeWhole(plan.at("servers/redis/users.acl"), `${lines.join("\n")}\n`, SECRET_MODE);
}

function writeNatsUsers(plan: Plan): void {
  const text = shipped("nats/accounts.conf").replaceAll(
    /\$([A-Z0-9_]+)_PASSWORD/g,
    (_all, name: string) => `"${makePassword(plan, "nats", userOf(name))}"`,
  );
  writeWhole(plan.at("servers/nats/accounts.conf"), text, SECRET_MODE);
}

const portOf = (url: string, usual: string) => new URL(url).port || usual;

/**
 * The configurations as shipped speak TLS inside a container. On a plain URL, which the services accept on loopback only, they are
 * taken to this folder and that address.
 */
function redisConfig(plan: Plan): string {
  const text = shipped("redis/redis.conf");
  if (plan.redis.startsWith("rediss:")) return text;
  mkdirSync(plan.at("servers/redis/data"), { recursive: true, mode: 0o700 });
  const own: Readonly<Record<string, string>> = {
    bind: new URL(plan.redis).hostname,
    port: portOf(plan.redis, "6379"),
    aclfile: `"${plan.at("servers/redis/users.acl")}"`,
    dir: `"${plan.at("servers/redis/data")}"`,
  };
  return text
    .split("\n")
    .filter((line) => !line.startsWith("tls-"))
    .map((line) => {
      const name = line.split(" ")[0] ?? "";
      return own[name] === undefined ? line : `${name} ${own[name]}`;
    })
    .join("\n");
}

function natsConfig(plan: Plan): string {
  const text = shipped("nats/server.conf").replace("$NATS_NAME", `seb-${plan.name}`);
  if (plan.nats.startsWith("tls:")) return text;
  mkdirSync(plan.at("servers/nats/data"), { recursive: true });
  const { hostname } = new URL(plan.nats);
  const monitor = new URL(plan.natsMonitor);
  return text
    .replace(/^tls \{[^}]*\}\n/m, "")
    .replace(/^listen: .*$/m, `listen: "${hostname}:${portOf(plan.nats, "4222")}"`)
    .replace(/^https: .*$/m, `http: "${monitor.hostname}:${portOf(plan.natsMonitor, "8222")}"`)
    .replace(/store_dir: .*$/m, `store_dir: "${plan.at("servers/nats/data")}"`);
}

/** Writes the users of Redis and NATS with a password each, and the servers' configurations. */
export function writeServerUsers(plan: Plan): void {
  writeRedisUsers(plan);
  writeNatsUsers(plan);
  writeWhole(plan.at("servers/redis/redis.conf"), redisConfig(plan));
  writeWhole(plan.at("servers/nats/server.conf"), natsConfig(plan));
}
