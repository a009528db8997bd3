/** Bytes written as in docs/formats.md: hex with blanks, and `'text'` for ASCII. For tests. */
export function golden(text: string): Buffer {
  const parts = text.match(/'[^']*'|[0-9a-f]{2}|\S+/g) ?? [];
  return Buffer.concat(
    parts.map((part) => {
      if (part.startsWith("'")) return Buffer.from(part.slice(1, -1));
      if (!/^[0-9a-f]{2}$/.test(part)) throw new TypeError(`no golden bytes: ${part}`);
      return Buffer.from(part, "hex");
    }),
  );
}
