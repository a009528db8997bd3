/** Whether the name of a backed-up entry may become the name of a file. */

/** False for names that would leave their directory or mean another one: empty, `.`, `..`, with `/` or NUL. */
export function isSafeName(name: Buffer): boolean {
  if (name.length === 0 || name.length > 255) return false;
  if (name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e))) return false;
  return !name.includes(0x2f) && !name.includes(0);
}
