// Preload (`node --import`) of the processes under measurement: counts what an execution costs where it reaches the platform, whoever
// calls it. Asked over the IPC channel it answers with the totals since the start, and begins or ends a CPU profile.
import childProcess from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";

const counts = { verifies: 0, signatures: 0, keyImports: 0, syncs: 0, writes: 0, processes: 0, served: 0, calls: 0 };

/** Replaces a method by one that counts and then does the same. */
function count(owner, method, name) {
  const original = owner[method];
  owner[method] = function counted(...args) {
    counts[name] += 1;
    return Reflect.apply(original, this, args);
  };
}

const subtle = Object.getPrototypeOf(crypto.webcrypto.subtle);
count(subtle, "verify", "verifies");
count(subtle, "sign", "signatures");
count(subtle, "importKey", "keyImports");
count(crypto, "verify", "verifies");
count(crypto, "sign", "signatures");
count(crypto, "createPublicKey", "keyImports");

const handle = await fs.promises.open("/dev/null", "r");
const file = Object.getPrototypeOf(handle);
await handle.close();
for (const method of ["datasync", "sync"]) count(file, method, "syncs");
for (const method of ["write", "writeFile", "appendFile"]) count(file, method, "writes");
for (const method of ["fdatasync", "fsync", "fdatasyncSync", "fsyncSync"]) count(fs, method, "syncs");

for (const method of ["spawn", "execFile"]) count(childProcess, method, "processes");
// A process that is asked of the connector's starter counts like one started here.
childProcess.fork = ((fork) =>
  function forked(...args) {
    const child = fork(...args);
    const own = child.send;
    child.send = function sent(message, ...more) {
      if (Array.isArray(message?.args)) counts.processes += 1;
      return Reflect.apply(own, this, [message, ...more]);
    };
    return child;
  })(childProcess.fork);
for (const owner of [http, https]) count(owner, "request", "calls");
const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function emitted(event, ...args) {
  if (event === "request") counts.served += 1;
  return Reflect.apply(emit, this, [event, ...args]);
};
syncBuiltinESMExports();

let profiler;

/** Begins a CPU profile, or ends it and writes it to a file. */
async function profile(file) {
  if (file === undefined) {
    const { Session } = await import("node:inspector/promises");
    profiler = new Session();
    profiler.connect();
    await profiler.post("Profiler.enable");
    await profiler.post("Profiler.start");
    return;
  }
  const { profile: made } = await profiler.post("Profiler.stop");
  profiler.disconnect();
  fs.writeFileSync(file, JSON.stringify(made));
}

process.on("message", async ({ ask, file }) => {
  if (ask === "profile") await profile(file);
  process.send({ counts: { ...counts }, rssBytes: process.memoryUsage.rss() });
});
// Being asked keeps no process alive.
process.channel?.unref();
