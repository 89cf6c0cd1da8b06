// Shifts the clocks of a process for a test: NODE_OPTIONS="--import <this file>", SEB_TEST_CLOCK_FILE=<file>.
// The file holds "<wall> [<monotonic>]": how many milliseconds Date, and performance.now() with process.hrtime(), are ahead of the machine.
// Timers keep the machine's pace. Without the variable nothing changes; an absent or unreadable file keeps the last offsets; replace it by rename.
import { readFileSync } from "node:fs";

const file = process.env.SEB_TEST_CLOCK_FILE;
const rereadAfterMs = 20;

if (file !== undefined && file !== "") {
  const RealDate = Date;
  const realNow = Date.now.bind(Date);
  const realPerformanceNow = performance.now.bind(performance);
  const realBigint = process.hrtime.bigint.bind(process.hrtime);
  let readAtMs = Number.NEGATIVE_INFINITY;
  let wallMs = 0;
  let monotonicMs = 0;

  const reread = () => {
    const nowMs = realPerformanceNow();
    if (nowMs - readAtMs < rereadAfterMs) return;
    readAtMs = nowMs;
    let text;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      return;
    }
    const match = /^(-?\d+)(?: (-?\d+))?\n?$/.exec(text);
    if (match === null) return;
    wallMs = Number(match[1]);
    monotonicMs = Number(match[2] ?? 0);
  };

  const shiftedNow = () => {
    reread();
    return realNow() + wallMs;
  };
  RealDate.now = shiftedNow;
  const ShiftedDate = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [shiftedNow()] : args, newTarget),
    apply: () => new RealDate(shiftedNow()).toString(),
  });
  RealDate.prototype.constructor = ShiftedDate;
  globalThis.Date = ShiftedDate;

  performance.now = () => {
    reread();
    return realPerformanceNow() + monotonicMs;
  };
  const hrtime = (earlier) => {
    reread();
    const ns = realBigint() + BigInt(monotonicMs) * 1_000_000n;
    if (earlier === undefined) return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
    const [seconds, nanos] = earlier;
    const since = ns - (BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
    return [Number(since / 1_000_000_000n), Number(since % 1_000_000_000n)];
  };
  hrtime.bigint = () => {
    reread();
    return realBigint() + BigInt(monotonicMs) * 1_000_000n;
  };
  process.hrtime = hrtime;
}
