/** Durations as people write them: 90s, 15m, 1h30m, 2d, 1w. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** What error messages say is expected. */
export const DURATION_FORM = "a duration such as 90s, 15m, 1h30m, 2d or 1w";

/** Milliseconds; undefined for anything else, a number without a unit included. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,9}(ms|s|m|h|d|w))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|s|m|h|d|w)/g))
    sum += Number(amount) * UNIT_MS[unit!]!;
  return sum;
}

/** The same for people: the largest units, 0s for nothing. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  const parts: string[] = [];
  for (const unit of ["w", "d", "h", "m", "s", "ms"]) {
    const amount = Math.floor(rest / UNIT_MS[unit]!);
    if (amount === 0) continue;
    parts.push(`${amount}${unit}`);
    rest -= amount * UNIT_MS[unit]!;
    if (parts.length === 2) break;
  }
  return parts.join("") || "0s";
}
