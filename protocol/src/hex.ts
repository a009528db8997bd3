/** Names on the wire and on screens: lower-case hex. */
const HEX = /^[0-9a-fA-F]*$/;

/** The name as lower-case hex. */
export function formatHex(name: Buffer): string {
  return name.toString("hex");
}

/** The name that `text` writes in exactly 2 x `bytes` hex digits (either case), else undefined. */
export function parseHex(text: string | Buffer, bytes: number): Buffer | undefined {
  if (text.length !== bytes * 2) return undefined;
  const written = typeof text === "string" ? text : text.toString("latin1");
  return HEX.test(written) ? Buffer.from(written, "hex") : undefined;
}
