/** Where the rows of a table are in a backup. */

/** Percent-encoded: what would mean something in a path. */
const SPECIAL = /[/%]|^\.{1,2}$/g;

/** `<schema>/<table>.copy`; names keep their letters but for / and %. */
export function tablePath(schema: string, table: string): string {
  return `${directoryOf(schema)}/${encode(table)}.copy`;
}

/** A schema may be called like a file of the backup; those have a dot and these folders have the reserved name `schema`. */
function directoryOf(schema: string): string {
  const encoded = encode(schema);
  return RESERVED.has(encoded) ? `%${encoded.charCodeAt(0).toString(16)}${encoded.slice(1)}` : encoded;
}

const RESERVED = new Set([
  "globals.sql",
  "manifest.json",
  "sequences.json",
  "large-objects.json",
  "large-objects",
  "schema",
]);

function encode(name: string): string {
  return name.replace(SPECIAL, (found) =>
    [...found].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join(""),
  );
}
