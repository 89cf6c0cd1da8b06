import { describe, expect, it } from "@jest/globals";
import { LiveTail } from "./live-tail.js";

function tail() {
  const seen: string[] = [];
  return { seen, it: new LiveTail((token) => seen.push(token)) };
}

describe("the order of live tokens and the stored one", () => {
  it("gives the stored one first, then what arrived behind it", () => {
    const { seen, it } = tail();
    for (const n of [4, 5, 6]) it.arrived(n, `t${n}`);
    expect(seen).toEqual([]);
    it.release({ sequence: 5, token: "t5" });
    expect(seen).toEqual(["t5", "t6"]);
  });

  it("gives a stored one later than all that arrived, and not what comes late", () => {
    const { seen, it } = tail();
    it.arrived(4, "t4");
    it.release({ sequence: 5, token: "t5" });
    expect(it.arrived(5, "t5")).toBe("taken");
    expect(it.arrived(6, "t6")).toBe("taken");
    expect(seen).toEqual(["t5", "t6"]);
  });

  it("does not repeat after a reconnect what was given", () => {
    const { seen, it } = tail();
    it.release({ sequence: 1, token: "t1" });
    it.arrived(2, "t2");
    it.hold();
    it.release({ sequence: 2, token: "t2" });
    it.arrived(3, "t3");
    expect(seen).toEqual(["t1", "t2", "t3"]);
  });

  it("tells that the stream began anew, and follows it", () => {
    const { seen, it } = tail();
    it.release({ sequence: 900, token: "old" });
    expect(it.arrived(1, "new")).toBe("restarted");
    it.hold();
    it.release({ sequence: 1, token: "new" });
    it.arrived(2, "newer");
    expect(seen).toEqual(["old", "new", "newer"]);
  });

  it("begins on an empty stream, takes nothing without a sequence and gives nothing after the end", () => {
    const { seen, it } = tail();
    it.release({ sequence: 0, token: undefined });
    it.arrived(Number.NaN, "no header");
    it.arrived(1, "t1");
    it.stop();
    it.arrived(2, "t2");
    expect(seen).toEqual(["t1"]);
  });

  it("keeps the newest of too many that wait", () => {
    const { seen, it } = tail();
    for (let n = 1; n <= 100; n++) it.arrived(n, `t${n}`);
    it.release({ sequence: 0, token: undefined });
    expect(seen).toHaveLength(64);
    expect(seen.at(-1)).toBe("t100");
  });
});
