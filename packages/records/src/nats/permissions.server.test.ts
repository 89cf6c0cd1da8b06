import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { NatsConnection } from "@nats-io/transport-node";
import { connect } from "@nats-io/transport-node";
import { leftOut, type RunningNats, startNats, tempDir, testCertificates } from "@seb/testkit";
import { administerStreams, type StreamsAdmin } from "../contract/nats-place.js";
import { type JetStreamSink, type NatsLink, type NatsLinkOptions, openJetStreamSink, openNatsLink } from "./index.js";
import { askMonitors, type MonitorTls } from "./monitor.js";

const missing = await leftOut(["nats-server"]);
const suite = missing === undefined ? describe : describe.skip;

const USERS = ["signer-1", "broker-1", "broker-2", "revocation-1"] as const;
type User = (typeof USERS)[number];
const VARIABLES: Readonly<Record<string, string>> = {
  ADMIN_PASSWORD: "admin",
  SIGNER_PASSWORD: "signer-1",
  BROKER_1_PASSWORD: "broker-1",
  BROKER_2_PASSWORD: "broker-2",
  REVOCATION_PASSWORD: "revocation-1",
  AUDIT_PASSWORD: "audit",
};
const template = readFileSync(new URL("../../../../infra/nats/accounts.conf", import.meta.url), "utf8");
const passwordOf = (user: string) => `password-of-${user}`;

/** Subjects that nobody but an administrator may ask: streams, consumers, messages, and what a stream would store. */
const administration = [
  "INFO",
  "STREAM.NAMES",
  "STREAM.LIST",
  "STREAM.CREATE.MINE",
  "STREAM.INFO.SEB_RECORDS",
  "STREAM.UPDATE.SEB_RECORDS",
  "STREAM.DELETE.SEB_RECORDS",
  "STREAM.PURGE.SEB_RECORDS",
  "STREAM.MSG.DELETE.SEB_RECORDS",
  "STREAM.MSG.GET.SEB_RECORDS",
  "STREAM.SNAPSHOT.SEB_RECORDS",
  "STREAM.RESTORE.SEB_RECORDS",
  "STREAM.DELETE.SEB_STATUS",
  "STREAM.PURGE.SEB_STATUS",
  "CONSUMER.CREATE.SEB_RECORDS",
  "CONSUMER.CREATE.SEB_RECORDS.mine.seb.records.signer-1",
  "CONSUMER.DURABLE.CREATE.SEB_RECORDS.mine",
  "CONSUMER.MSG.NEXT.SEB_RECORDS.mine",
  "DIRECT.GET.SEB_STATUS",
].map((what) => `$JS.API.${what}`);

suite("users of the NATS accounts", () => {
  const dir = tempDir();
  const files = testCertificates(join(dir.path, "pki"));
  let server: RunningNats;
  let admin: StreamsAdmin;
  const links = new Map<string, NatsLink>();
  const sinks = new Map<string, JetStreamSink>();

  function optionsFor(user: string): NatsLinkOptions {
    const passwordFile = join(dir.path, `${user}.password`);
    writeFileSync(passwordFile, `${passwordOf(user)}\n`, { mode: 0o600 });
    const tls = { caFile: files.caFile };
    return { urls: [server.url], monitorUrls: [server.monitorUrl], username: user, passwordFile, tls };
  }

  beforeAll(async () => {
    let accounts = template;
    for (const [name, user] of Object.entries(VARIABLES))
      accounts = accounts.replaceAll(`$${name}`, `"${passwordOf(user)}"`);
    const authFile = join(dir.path, "accounts.conf");
    writeFileSync(authFile, accounts);
    server = await startNats({ authFile, tls: files });
    const tls = { ca: readFileSync(files.caFile, "utf8") };
    admin = await administerStreams({
      servers: `127.0.0.1:${server.port}`,
      tls,
      user: "admin",
      pass: passwordOf("admin"),
    });
    for (const user of [...USERS, "audit"]) {
      const link = await openNatsLink(optionsFor(user));
      if (!link.ok) throw new Error(link.error.code);
      links.set(user, link.value);
      sinks.set(user, openJetStreamSink({ link: link.value, giveUpMs: 300, ackMs: 150 }));
    }
  }, 15 * 60_000);
  afterAll(async () => {
    for (const link of links.values()) await link.close();
    await admin.close();
    await server.dispose();
    dir.cleanup();
  });

  const sinkOf = (user: string) => {
    const sink = sinks.get(user);
    if (sink === undefined) throw new Error("not opened");
    return sink;
  };
  async function held(): Promise<Readonly<Record<string, number>>> {
    const { state } = await admin.manager.streams.info("SEB_RECORDS", { subjects_filter: ">" });
    return state.subjects ?? {};
  }
  async function linesOf(sink: JetStreamSink, writer: string): Promise<string[]> {
    const found: string[] = [];
    for await (const line of sink.read(writer)) found.push(line);
    return found;
  }

  it("let each instance write its own chain and read, over TLS", async () => {
    for (const user of USERS) {
      const sink = sinkOf(user);
      expect(sink.health()).toEqual([]);
      expect((await sink.append(user, 0, [`line-of-${user}`])).ok).toBe(true);
      expect((await sink.append(user, 1, ["second", "third"])).ok).toBe(true);
      expect(await linesOf(sink, user)).toEqual([`line-of-${user}`, "second", "third"]);
    }
    const audit = sinkOf("audit");
    expect(await audit.writers()).toEqual([...USERS].sort());
    expect(await linesOf(audit, "broker-2")).toEqual(["line-of-broker-2", "second", "third"]);
  });

  it("know the servers' settings by https, with the same authority as the connection", () => {
    expect(server.monitorUrl).toMatch(/^https:/);
    for (const link of links.values()) {
      expect(link.reasons()).toEqual([]);
      expect(link.facts()).toMatchObject({ syncAlways: true });
      expect(link.stream("SEB_RECORDS")).toBeDefined();
    }
  });

  it("believe no monitoring endpoint that another authority vouches for", async () => {
    const ca = readFileSync(files.caFile, "utf8");
    const stranger = readFileSync(testCertificates(join(dir.path, "stranger")).caFile, "utf8");
    const ask = (tls: MonitorTls) => askMonitors([server.monitorUrl], "STORE", tls);
    expect(await ask({ ca })).toMatchObject({ syncAlways: true });
    expect(await ask({ ca: stranger })).toBeUndefined();
    expect(await ask({})).toBeUndefined();
  });

  it.each([...USERS, "audit"])("keep %s from every other chain", async (user) => {
    const before = await held();
    for (const other of USERS.filter((one) => one !== user)) {
      const sink = openJetStreamSink({ link: linkOf(user), giveUpMs: 200, ackMs: 100 });
      const result = await sink.append(other, 3, ["forged"]);
      expect(result).toMatchObject({ ok: false, error: { code: "record_failed" } });
    }
    expect(await held()).toEqual(before);
  });

  const linkOf = (user: string): NatsLink => {
    const link = links.get(user);
    if (link === undefined) throw new Error("not opened");
    return link;
  };

  it.each([...USERS, "audit"])("keep %s from streams, consumers and subjects that are not its own", async (user) => {
    const before = await held();
    const own = user === "audit" ? [] : [`seb.records.${user}`];
    const statuses = user === "revocation-1" ? [] : ["seb.status"];
    const forbidden = [
      ...administration,
      ...USERS.map((other) => `seb.records.${other}`).filter((subject) => !own.includes(subject)),
      ...statuses,
      "seb.status.live",
      "seb.records.broker-9",
      "_INBOX.somebody",
      "$SYS.REQ.SERVER.PING",
    ];
    const connection = await connected(user);
    const refused: string[] = [];
    const watching = (async () => {
      for await (const status of connection.status()) {
        if (status.type !== "error") continue;
        const found = /Permissions Violation for Publish to "(.*)"/i.exec(String(status.error));
        if (found?.[1] !== undefined) refused.push(found[1]);
      }
    })();
    for (const subject of forbidden) connection.publish(subject, "{}");
    await connection.flush();
    await connection.close();
    await watching;
    expect(forbidden.filter((subject) => !refused.includes(subject))).toEqual([]);
    expect(await held()).toEqual(before);
  });

  async function connected(user: string): Promise<NatsConnection> {
    const tls = { ca: readFileSync(files.caFile, "utf8") };
    return connect({ servers: `127.0.0.1:${server.port}`, tls, user, pass: passwordOf(user) });
  }

  it.each(USERS)("keep %s from having an answer stored in any chain but its own", async (user: User) => {
    const before = await held();
    const connection = await connected(user);
    const questions = [
      ["$JS.API.DIRECT.GET.SEB_RECORDS", JSON.stringify({ seq: 1 })],
      ["$JS.API.DIRECT.GET.SEB_RECORDS", JSON.stringify({ seq: 1, batch: 5, next_by_subj: "seb.records.*" })],
      ["$JS.API.DIRECT.GET.SEB_STATUS.seb.status", ""],
      [`seb.records.${user}`, "own"],
    ] as const;
    for (const reply of [...USERS.map((other) => `seb.records.${other}`), "seb.status"])
      for (const [subject, payload] of questions) connection.publish(subject, payload, { reply });
    await connection.flush();
    // Behind the others on the same connection, and answered.
    await connection.request("$JS.API.DIRECT.GET.SEB_RECORDS", JSON.stringify({ seq: 1 }));
    await connection.request(`seb.records.${user}`, "own");
    const own = `seb.records.${user}`;
    const after = await held();
    expect(after[own]).toBeGreaterThan(before[own] ?? 0);
    expect({ ...after, [own]: 0 }).toEqual({ ...before, [own]: 0 });
    await connection.close();
  });

  it("admit nobody in plaintext, without a user, with another's password or from a strange authority", async () => {
    const other = testCertificates(join(dir.path, "other")).caFile;
    const base = optionsFor("broker-1");
    const { username: _user, passwordFile: _file, ...nobody } = base;
    const { tls: _tls, ...plain } = base;
    const strangers: NatsLinkOptions[] = [
      nobody,
      { ...base, username: "signer-1" },
      { ...plain, urls: [server.url.replace("tls:", "nats:")] },
      { ...base, tls: { caFile: other } },
      { ...base, tls: {} },
    ];
    const opened = await Promise.all(strangers.map((options) => openNatsLink(options)));
    for (const link of opened) {
      if (!link.ok) throw new Error(link.error.code);
      expect(link.value.reasons()).toContain("nats_unreachable");
      await link.value.close();
    }
  });
});
