/** Gives the server the rows of one table: in COPY's binary format where that is worth it and can be done, else as text. */
import type { ContentPiece } from "../../../cat/content-piece.ts";
import type { ColumnFacts } from "../../catalogue/columns.ts";
import { databaseError } from "../../connect/database-error.ts";
import type { Session } from "../../connect/session.ts";
import type { TableManifest } from "../../manifest/manifest.ts";
import type { RowSum } from "../../rows/row-sum.ts";
import { LEAST_SUMMED_BYTES, summableColumns } from "../../rows/summable-columns.ts";
import { keyOf, type ObjectName, quoteName, shownName, sqlName } from "../script/object-name.ts";
import { binaryKinds } from "./binary-kinds.ts";
import { binaryRows } from "./binary-rows.ts";
import { copyIn, copyMessagesIn, copySeveralIn, type RowsToCopy } from "./copy-in.ts";
import { loadedSum } from "./loaded-sum.ts";
import { digesterOf, type RowsDigest } from "./row-digest.ts";

export interface CopyRequest {
  /** The table's name in the target. */
  nameOf(table: TableManifest): ObjectName;
  /** Told of bytes of text that were sent. */
  onBytes(bytes: number): void;
  /** Takes how the digest was summed up, by key of the table, where the server can do that as well. */
  sums?: Map<string, RowSum> | undefined;
}

export interface Loaded {
  /** As many as the server says it took. */
  rows: number;
  /** Undefined where it was not wanted. */
  digest: RowsDigest | undefined;
}

interface CopySource {
  source: AsyncIterable<ContentPiece>;
  /** In the transaction that made or emptied the table. */
  frozen: boolean;
  digests: boolean;
}

/** Throws what the server or the source says; the server then has dropped the rows. */
export async function copyTable(
  session: Session,
  table: TableManifest,
  { nameOf, onBytes, sums }: CopyRequest,
  { source, frozen, digests }: CopySource,
): Promise<Loaded> {
  const name = nameOf(table);
  const columns = await loadedColumns(session, table, name);
  const digester = digesterOf(session);
  const sum = digests && columns !== null ? loadedSum(columns) : null;
  if (sum !== null) sums?.set(keyOf(table), sum);
  digester.begin(table.format, sum);
  const onText = (bytes: Buffer): void => {
    if (digests) digester.update(bytes);
    onBytes(bytes.length);
  };
  const command = (format: string): string => {
    const options = [`FORMAT ${format}`, ...(frozen ? ["FREEZE"] : [])].join(", ");
    return `COPY ${sqlName(name)}${columnList(table)} FROM STDIN (${options})`;
  };
  try {
    const kinds = columns && binaryKinds(columns, table.bytes / table.rows);
    let rows = 0;
    let text: AsyncIterable<ContentPiece> | null = source;
    if (kinds !== null) {
      const { memory, addRows } = digester;
      const onRows = (from: number, to: number): void => {
        if (digests) addRows(from, to);
        onBytes(to - from);
      };
      const binary = binaryRows({ source, kinds, memory, onRows });
      rows = await copyMessagesIn(session.client, command("binary"), binary.messages);
      text = binary.left();
    }
    if (text !== null) rows += await copyIn(session.client, command(table.format), text, onText);
    return { rows, digest: digests ? digester.finish() : undefined };
  } catch (error) {
    throw databaseError(error, `${session.target.label}: loading ${shownName(name)}`);
  }
}

/** Whether nothing must be asked about a table before its rows are sent. */
export function isCopiedAsItIs({ format, bytes }: TableManifest): boolean {
  return format !== "text" || bytes < LEAST_SUMMED_BYTES;
}

/** The same for several tables that are copied as they are, and not frozen. */
export async function copyTables(
  session: Session,
  tables: readonly TableManifest[],
  { nameOf, onBytes }: CopyRequest,
  content: (path: string) => AsyncIterable<ContentPiece>,
): Promise<Loaded[]> {
  const digester = digesterOf(session);
  const sums: RowsDigest[] = [];
  const taken: number[] = [];
  const rows = tables.map((table, i): RowsToCopy => {
    const { path, format } = table;
    return {
      sql: `COPY ${sqlName(nameOf(table))}${columnList(table)} FROM STDIN (FORMAT ${format})`,
      source: content(path),
      onBytes(bytes) {
        digester.update(bytes);
        onBytes(bytes.length);
      },
      onSent() {
        sums.push(digester.finish());
        const next = tables[i + 1];
        if (next !== undefined) digester.begin(next.format);
      },
    };
  });
  digester.begin(tables[0]!.format);
  try {
    await copySeveralIn(session.client, rows, (count) => taken.push(count));
    return taken.map((count, i) => ({ rows: count, digest: sums[i] }));
  } catch (error) {
    const failed = tables[Math.min(taken.length, tables.length - 1)]!;
    throw databaseError(error, `${session.target.label}: loading ${shownName(nameOf(failed))}`);
  }
}

/** Whether its rows come in the binary format, unless one has a value that has to stay text. */
export async function isCopiedInBinary(
  session: Session,
  table: TableManifest,
  name: ObjectName,
): Promise<boolean> {
  const columns = await loadedColumns(session, table, name);
  return columns !== null && binaryKinds(columns, table.bytes / table.rows) !== null;
}

/** Null where their types make no difference. The table is there, with all its columns. */
async function loadedColumns(
  session: Session,
  table: TableManifest,
  name: ObjectName,
): Promise<ColumnFacts[] | null> {
  if (isCopiedAsItIs(table)) return null;
  const [row] = await session.query<{ oid: number }>("SELECT $1::regclass::oid::int8::float8 AS oid", [
    sqlName(name),
  ]);
  return await summableColumns(session, row!.oid, table.columns);
}

/** A table without columns, or with generated ones only, has none to list. */
export function columnList({ columns }: TableManifest): string {
  return columns.length === 0 ? "" : ` (${columns.map(quoteName).join(", ")})`;
}
