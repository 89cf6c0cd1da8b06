/** True until 00:00 UTC of a day, `YYYY-MM-DD`; false for anything else. */
export function isBefore(day: string, nowMs: number): boolean {
  const end = Date.parse(`${day}T00:00:00Z`);
  return Number.isFinite(end) && nowMs < end;
}
