/** Lines of a table: columns as wide as their widest cell, two spaces between, numbers to the right. */
import { stripVTControlCharacters } from "node:util";
import { textWidth } from "./text-width.ts";

/** `right` names the columns (from 0) whose cells are aligned to the right. Lines have no trailing spaces. */
export function alignColumns(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  const width = (cell: string): number => textWidth(stripVTControlCharacters(cell));
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell));
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const space = " ".repeat(widths[column]! - width(cell));
      return right.includes(column) ? space + cell : cell + space;
    });
    return cells.join("  ").trimEnd();
  });
}
