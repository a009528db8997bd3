/** Whether the name of an entry can be used as a file name: hostile clients can store any bytes. */
const SLASH = 0x2f;
const DOT = 0x2e;

/** Not empty, not `.` or `..`, without `/` and NUL. */
export function isSafeEntryName(name: Buffer): boolean {
  if (name.length === 0 || name.includes(SLASH) || name.includes(0)) return false;
  return !(name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT)));
}
