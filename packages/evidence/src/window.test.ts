import { describe, expect, it } from "@jest/globals";
import type { Windows } from "@seb/schema";
import fc from "fast-check";
import { isOpen, windowsAt } from "./window.js";

const at = (iso: string) => Date.parse(iso);
const berlin = { zone: "Europe/Berlin", days: ["mon", "tue", "wed", "thu"], from: "09:00", to: "16:00" } as const;
const open = (window: Parameters<typeof isOpen>[0], iso: string) => isOpen(window, at(iso));

describe("a deploy window", () => {
  const days = [...berlin.days];

  it("is read off the wall clock of its zone", () => {
    expect(open({ ...berlin, days }, "2026-01-05T08:00:00Z")).toBe(true);
    expect(open({ ...berlin, days }, "2026-01-05T07:59:59Z")).toBe(false);
    expect(open({ ...berlin, days }, "2026-07-06T07:00:00Z")).toBe(true);
    expect(open({ ...berlin, days }, "2026-07-06T06:59:59Z")).toBe(false);
  });

  it("includes its start and excludes its end", () => {
    expect(open({ ...berlin, days }, "2026-01-05T14:59:59Z")).toBe(true);
    expect(open({ ...berlin, days }, "2026-01-05T15:00:00Z")).toBe(false);
  });

  it("knows its days by the zone's calendar", () => {
    const night = { zone: "Pacific/Auckland", days: ["mon" as const], from: "00:00", to: "12:00" };
    expect(open(night, "2026-01-04T12:00:00Z")).toBe(true);
    expect(open(night, "2026-01-05T12:00:00Z")).toBe(false);
  });

  it("past midnight belongs to the day on which it began", () => {
    const night = { zone: "UTC", days: ["fri" as const], from: "22:00", to: "02:00" };
    expect(open(night, "2026-01-09T22:00:00Z")).toBe(true);
    expect(open(night, "2026-01-10T01:59:59Z")).toBe(true);
    expect(open(night, "2026-01-10T02:00:00Z")).toBe(false);
    expect(open(night, "2026-01-10T22:00:00Z")).toBe(false);
    expect(open(night, "2026-01-09T01:00:00Z")).toBe(false);
  });

  it("with equal ends lasts the whole day", () => {
    const whole = { zone: "UTC", days: ["sun" as const], from: "00:00", to: "00:00" };
    expect(open(whole, "2026-01-04T00:00:00Z")).toBe(true);
    expect(open(whole, "2026-01-04T23:59:59Z")).toBe(true);
    expect(open(whole, "2026-01-05T00:00:00Z")).toBe(false);
  });

  it("within an hour that daylight saving skips does not exist, and one that it repeats comes twice", () => {
    const small = { zone: "Europe/Berlin", days: ["sun" as const], from: "02:00", to: "03:00" };
    const spring = Array.from({ length: 24 }, (_, hour) => at("2026-03-29T00:30:00Z") + hour * 3_600_000);
    expect(spring.some((moment) => isOpen(small, moment))).toBe(false);
    const autumn = Array.from({ length: 24 }, (_, hour) => at("2026-10-25T00:30:00Z") + (hour - 3) * 3_600_000);
    expect(autumn.filter((moment) => isOpen(small, moment))).toHaveLength(2);
  });

  it("in a zone that does not exist is never open", () => {
    expect(open({ ...berlin, days, zone: "Mars/Olympus" }, "2026-01-05T10:00:00Z")).toBe(false);
  });

  it("and its complement cover every moment once", () => {
    const all = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
    const clock = fc
      .integer({ min: 0, max: 1439 })
      .map((m) => `${String(Math.floor(m / 60)).padStart(2, "0")}:${String(m % 60).padStart(2, "0")}`);
    fc.assert(
      fc.property(clock, clock, fc.integer({ min: 1_600_000_000, max: 2_000_000_000 }), (from, to, seconds) => {
        fc.pre(from !== to);
        const one = { zone: "America/New_York", days: [...all], from, to };
        const other = { ...one, from: to, to: from };
        expect(isOpen(one, seconds * 1000)).toBe(!isOpen(other, seconds * 1000));
      }),
      { numRuns: 200 },
    );
  });
});

describe("windows and freezes of a bundle", () => {
  const windows: Windows = {
    ver: 1,
    windows: [{ name: "office", services: ["checkout"], zone: "UTC", days: ["mon"], from: "09:00", to: "17:00" }],
    freezes: [{ name: "audit", services: ["*"], from: 1_767_600_000, to: 1_767_607_200, reason: "audit" }],
  };
  it("count for the services they name", () => {
    const monday = at("2026-01-05T12:00:00Z");
    expect(windowsAt(windows, "checkout", monday)).toEqual({ window: "office", freeze: undefined });
    expect(windowsAt(windows, "search", monday)).toEqual({ window: undefined, freeze: undefined });
  });
  it("freeze from their first second on, not in the one that ends them", () => {
    const freezeAt = (seconds: number) => windowsAt(windows, "search", seconds * 1000).freeze;
    expect([1_767_599_999, 1_767_600_000, 1_767_607_199, 1_767_607_200].map(freezeAt)).toEqual([
      undefined,
      "audit",
      "audit",
      undefined,
    ]);
  });
});
