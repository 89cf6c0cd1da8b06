import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { numbered } from "./contract/bodies.js";
import { collect, type FilePlace, filePlace, openedChain } from "./contract/file-place.js";
import { makeRecordKeys, type RecordKeys } from "./contract/record-keys.js";
import type { Problem } from "./problem.js";
import { readRecords } from "./read-records.js";

let keys: RecordKeys;
let place: FilePlace;

beforeAll(async () => {
  keys = await makeRecordKeys(["broker-1", "signer-1"]);
  place = await filePlace();
  const sink = place.sink();
  for (const writer of ["signer-1", "broker-1"]) {
    const chain = await openedChain(keys, { sink, writer });
    for (const number of [1, 2, 3]) await chain.append(...numbered(number));
    await chain.close();
  }
  await sink.close();
});
afterAll(() => place.remove());

describe("readRecords", () => {
  it("streams the records of all writers or of one, also while there is a writer", async () => {
    const held = place.sink();
    await held.claim("broker-1");
    const records = await collect(readRecords({ sink: place.sink(), trust: keys.trust }));
    expect(records.map(({ claims }) => claims.writer)).toEqual(
      [..."bbbbb"].map(() => "broker-1").concat([..."sssss"].map(() => "signer-1")),
    );
    const one = await collect(readRecords({ sink: place.sink(), trust: keys.trust, writer: "signer-1" }));
    expect(one.map(({ claims, line }) => [line, claims.kind])).toEqual([
      [1, "boot"],
      [2, "refusal"],
      [3, "refusal"],
      [4, "refusal"],
      [5, "close"],
    ]);
    await held.close();
  });

  it("leaves out what does not verify and tells of it", async () => {
    const text = await readFile(place.file("broker-1"), "latin1");
    const lines = text.split("\n");
    await writeFile(place.file("broker-1"), lines.with(1, "edited").join("\n"));
    const problems: Problem[] = [];
    const onProblem = (problem: Problem) => problems.push(problem);
    const records = await collect(
      readRecords({ sink: place.sink(), trust: keys.trust, writer: "broker-1", onProblem }),
    );
    expect(records.map(({ line }) => line)).toEqual([1, 3, 4, 5]);
    expect(problems).toEqual([{ writer: "broker-1", line: 2, seq: 1, what: "not_a_record", code: "token_malformed" }]);
    await writeFile(place.file("broker-1"), text);
  });

  it("does not read a line of many megabytes into memory", async () => {
    const text = await readFile(place.file("broker-1"), "latin1");
    await writeFile(place.file("broker-1"), `${"a".repeat(8_000_000)}\n${text}`);
    const first = (await collect(place.sink().read("broker-1")))[0];
    expect(first?.length).toBe(262_145);
    await writeFile(place.file("broker-1"), text);
  });
});
