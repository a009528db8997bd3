/** Fields of rows in COPY's text format, as latin1: a letter is a byte. */

/** Some fields of a row, with tabs between them. */
export function fieldsOf(row: string, fields: readonly number[]): string {
  if (fields.length === 1 && fields[0] === 0) {
    const tab = row.indexOf("\t");
    return tab < 0 ? row : row.slice(0, tab);
  }
  const all = row.split("\t");
  return fields.map((field) => all[field]).join("\t");
}
