import type { Windows } from "@seb/schema";
import { DateTime } from "luxon";
import type { EvidenceProvider, Finding } from "./provider.js";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
type Window = Windows["windows"][number];

function minutesOf(clock: string): number {
  const [hours = "0", minutes = "0"] = clock.split(":");
  return Number(hours) * 60 + Number(minutes);
}

/**
 * Is this local moment within the window? Both ends are read off the wall clock of the window's zone, so a window keeps its local times
 * across changes of daylight saving: an hour that a change skips is missing, one that it repeats counts twice. A window whose end is not
 * after its start runs past midnight and belongs to the day on which it began; equal ends mean the whole day.
 *
 * @param atMs milliseconds since the Unix epoch.
 */
export function isOpen(window: Pick<Window, "zone" | "days" | "from" | "to">, atMs: number): boolean {
  const local = DateTime.fromMillis(atMs, { zone: window.zone });
  if (!local.isValid) return false;
  const today = DAYS[local.weekday - 1];
  const yesterday = DAYS[(local.weekday + 5) % 7];
  const on = (day: (typeof DAYS)[number] | undefined) => day !== undefined && window.days.includes(day);
  const now = local.hour * 60 + local.minute;
  const from = minutesOf(window.from);
  const to = minutesOf(window.to);
  if (from === to) return on(today);
  if (from < to) return on(today) && now >= from && now < to;
  return (on(today) && now >= from) || (on(yesterday) && now < to);
}

/** The first open window of the service, and the first freeze that stands over it. */
export function windowsAt(
  windows: Windows,
  service: string,
  atMs: number,
): { readonly window: string | undefined; readonly freeze: string | undefined } {
  const concerns = (it: { readonly services: readonly string[] }) =>
    it.services.includes("*") || it.services.includes(service);
  const open = windows.windows.find((window) => concerns(window) && isOpen(window, atMs));
  const nowSeconds = atMs / 1000;
  const freeze = windows.freezes.find((it) => concerns(it) && nowSeconds >= it.from && nowSeconds < it.to);
  return { window: open?.name, freeze: freeze?.name };
}

/** The bundle's deploy windows and freezes at this moment. A service without a window is never within one. */
export const deployWindow: EvidenceProvider = {
  name: "window",
  establishes: ["window_open", "freeze", "window_name", "freeze_name"],
  async gather({ bundle, service, nowMs }): Promise<Finding> {
    const { window, freeze } = windowsAt(bundle.windows, service.name, nowMs);
    const reasons: string[] = [];
    if (window === undefined) reasons.push("window: none is open for this service");
    if (freeze !== undefined) reasons.push(`window: the freeze ${freeze} is in force`);
    return {
      facts: {
        window_open: window !== undefined,
        freeze: freeze !== undefined,
        window_name: window ?? "closed",
        freeze_name: freeze ?? "none",
      },
      reasons,
      detail: { at_ms: nowMs, window: window ?? null, freeze: freeze ?? null },
    };
  },
};
