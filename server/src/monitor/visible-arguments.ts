/**
 * What monitors may show of a command: secrets are left out here, at the one place where commands become text, and
 * content is given by its length.
 */

/** Longer arguments are cut: a monitor is for people. */
const MAX_SHOWN_BYTES = 256;
const REDACTED = "(redacted)";

/** The arguments of a command (its name, `args[0]`, included) as texts. `name` is in lower case. */
export function visibleArguments(name: string, args: readonly Buffer[]): string[] {
  if (name === "auth") return [shown(args[0] as Buffer), REDACTED];
  if (name === "bput") {
    return args.map((arg, i) => (i === 1 ? `(blob len:${arg.length})` : shown(arg)));
  }
  if (name === "records")
    return args.map((arg, i) => (i > 3 || arg.length > 64 ? `(len:${arg.length})` : shown(arg)));
  if (name !== "hello") return args.map(shown);
  // HELLO 3 AUTH user password SETNAME name: whatever stands behind AUTH may be a secret, in the right order or not.
  const auth = args.findIndex(
    (arg, i) => i > 0 && arg.length === 4 && arg.toString("latin1").toLowerCase() === "auth",
  );
  return args.map((arg, i) => (auth >= 0 && (i === auth + 1 || i === auth + 2) ? REDACTED : shown(arg)));
}

function shown(arg: Buffer): string {
  if (arg.length <= MAX_SHOWN_BYTES) return readable(arg);
  return `${readable(arg.subarray(0, MAX_SHOWN_BYTES))}... (len:${arg.length})`;
}

/** Printable ASCII as it is, other bytes escaped: no argument may break a line or a terminal. */
function readable(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replace(/[^\x20-\x5b\x5d-\x7e]/g, (character) =>
      character === "\\" ? "\\\\" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
    );
}
