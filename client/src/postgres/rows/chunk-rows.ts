/** Rows and fields in COPY's text format, as latin1: a letter is a byte. */

/** Whole rows, without their line feeds, and what is left of one that goes on. */
export function rowsOf(text: string): { rows: string[]; left: string } {
  const rows = text.split("\n");
  return { left: rows.pop()!, rows };
}

/** Some fields of a row, with tabs between them. */
export function fieldsOf(row: string, fields: readonly number[]): string {
  if (fields.length === 1 && fields[0] === 0) {
    const tab = row.indexOf("\t");
    return tab < 0 ? row : row.slice(0, tab);
  }
  const all = row.split("\t");
  return fields.map((field) => all[field]).join("\t");
}
