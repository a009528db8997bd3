/** Times as backups write them: RFC 3339 in UTC with exactly three decimals, e.g. 2026-11-21T09:12:11.000Z. */
const STRICT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The time as text; `milliseconds` since 1970, within years 0 to 9999. Throws RangeError outside. */
export function formatTimestamp(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  if (text.length !== 24) throw new RangeError(`${milliseconds} ms is outside the years 0 to 9999`);
  return text;
}

/** Milliseconds since 1970, or undefined when `text` is not exactly what formatTimestamp writes. */
export function parseTimestamp(text: string): number | undefined {
  if (!STRICT.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString() !== text) return undefined;
  return milliseconds;
}
