/** Compares loaded tables with what was sent, row by row: the server sums up the rows of large ones, others are read back. */
import { DatabaseDiffersError } from "@datadb/protocol";
import { takeAll } from "../../../cat/content-piece.ts";
import { copyOut } from "../../backup/read/copy-out.ts";
import { databaseError } from "../../connect/database-error.ts";
import type { Session } from "../../connect/session.ts";
import type { PostgresManifest, TableManifest } from "../../manifest/manifest.ts";
import { keyOf, quoteName, quoteText, shownName, sqlName } from "../script/object-name.ts";
import type { Task } from "../tasks.ts";
import { columnList } from "./copy-table.ts";
import { firstDifference } from "./first-difference.ts";
import type { LoadRequest } from "./load-request.ts";
import { sumOnServer } from "./loaded-sum.ts";
import { bothDigests, digesterOf, type RowsDigest } from "./row-digest.ts";

export interface VerifyRequest extends LoadRequest {
  manifest: PostgresManifest;
  onWarning(text: string): void;
  onVerified(table: TableManifest): void;
}

/** Small tables that one task reads. */
const GROUP_BYTES = 4 << 20;
/** From here on all sessions read a table, in parts of this size: so many that they end at the same time, however long other work takes. */
const SPLIT_BYTES = 64 << 20;
const MOST_PARTS = 64;
const PAGE_BYTES = 8192;
/** Rows can be read by page from here on; before, each part would read the whole table. */
const PAGES_SINCE = 140000;

export interface VerifyTasks {
  /** The server's work alone. */
  summed: Task[];
  readBack: Task[];
}

/** Equal digests mean the rows that the backup has. Tasks hold their tables shared. `versionNumber`: of the server. */
export function verifyTasks(
  tables: readonly TableManifest[],
  request: VerifyRequest,
  versionNumber: number,
): VerifyTasks {
  const tasks: VerifyTasks = { summed: [], readBack: [] };
  let group: TableManifest[] = [];
  let bytes = 0;
  const finish = (): void => {
    const members = group;
    if (members.length > 0)
      tasks.readBack.push({
        label: shownName(members[0]!),
        tables: members.map(keyOf),
        shared: true,
        run: async (session) => {
          const together = members.filter((table) => !isSummed(table, request));
          const digests = await digestsOf(session, together, request);
          for (const [i, table] of together.entries()) await compare(session, table, request, digests[i]!);
          for (const table of members)
            if (isSummed(table, request))
              await compare(session, table, request, await digestOf(session, table, request, null));
        },
      });
    group = [];
    bytes = 0;
  };
  for (const table of tables) {
    if (!request.digests.has(keyOf(table)) || table.kind === "foreign" || table.kind === "extension-config")
      continue;
    if (table.bytes >= SPLIT_BYTES && table.format === "text" && versionNumber >= PAGES_SINCE) {
      (isSummed(table, request) ? tasks.summed : tasks.readBack).push(...partTasks(table, request));
      continue;
    }
    group.push(table);
    bytes += table.bytes;
    if (bytes >= GROUP_BYTES) finish();
  }
  finish();
  return tasks;
}

/** Whether the server computes the digest, of what was sent in a way that it can. */
function isSummed(table: TableManifest, { sums, digests }: LoadRequest): boolean {
  return sums.has(keyOf(table)) && digests.get(keyOf(table)) !== null;
}

function partTasks(table: TableManifest, request: VerifyRequest): Task[] {
  const parts = Math.max(request.jobs, Math.min(MOST_PARTS, Math.ceil(table.bytes / SPLIT_BYTES)));
  const done: RowsDigest[] = [];
  return Array.from({ length: parts }, (_, part) => ({
    label: shownName(table),
    tables: [keyOf(table)],
    shared: true,
    async run(session) {
      done.push(await digestOf(session, table, request, { part, parts }));
      if (done.length === parts) await compare(session, table, request, done.reduce(bothDigests));
    },
  }));
}

async function digestOf(
  session: Session,
  table: TableManifest,
  request: LoadRequest,
  share: { part: number; parts: number } | null,
): Promise<RowsDigest> {
  const digester = digesterOf(session);
  try {
    const where = share === null ? "" : await pagesOf(session, table, request, share);
    if (isSummed(table, request)) {
      const sum = request.sums.get(keyOf(table))!;
      return await sumOnServer(session, sum, sqlName(request.nameOf(table)), where);
    }
    const sql = where === "" ? copyOutCommand(table, request) : copyPagesCommand(table, request, where);
    digester.begin(table.format);
    await copyOut(session.client, { sql, sink: digester.sink });
    return digester.finish();
  } catch (error) {
    const name = shownName(request.nameOf(table));
    throw databaseError(error, `${session.target.label}: reading ${name} back`);
  }
}

/** Of all rows of several tables, which are read back with one message. */
async function digestsOf(
  session: Session,
  tables: readonly TableManifest[],
  request: LoadRequest,
): Promise<RowsDigest[]> {
  const digests: RowsDigest[] = [];
  if (tables.length === 0) return digests;
  const digester = digesterOf(session);
  digester.begin(tables[0]!.format);
  try {
    await copyOut(session.client, {
      sql: tables.map((table) => copyOutCommand(table, request)).join(";\n"),
      sink: digester.sink,
      finished() {
        digests.push(digester.finish());
        const next = tables[digests.length];
        if (next !== undefined) digester.begin(next.format);
      },
    });
    return digests;
  } catch (error) {
    const failed = tables[Math.min(digests.length, tables.length - 1)]!;
    throw databaseError(error, `${session.target.label}: reading ${shownName(request.nameOf(failed))} back`);
  }
}

async function compare(
  session: Session,
  table: TableManifest,
  request: VerifyRequest,
  digest: RowsDigest,
): Promise<void> {
  const expected = request.digests.get(keyOf(table)) ?? (await digestOfBackup(session, table, request));
  if (digest === expected) {
    request.onVerified(table);
    return;
  }
  const name = shownName(request.nameOf(table));
  const where =
    table.format === "text"
      ? await firstDifference(session, copyOutCommand(table, request), takeAll(request.content(table.path)))
      : "";
  const text = `${session.target.label}: the rows of ${name} read back differently from the backup${where}`;
  const { server } = request.manifest;
  const same = Math.floor(server.versionNumber / 10000) === Math.floor(session.server.versionNumber / 10000);
  if (same) {
    throw new DatabaseDiffersError(
      text,
      "compare the versions of extensions and of the server; --no-verify restores without this check",
    );
  }
  request.onWarning(
    `${text}; the backup is of PostgreSQL ${server.version}, and ${session.server.version} may write the same value in another way`,
  );
}

/** A row was too long to be summed up as it was sent: the rows are taken from the store once more. */
async function digestOfBackup(
  session: Session,
  table: TableManifest,
  request: LoadRequest,
): Promise<RowsDigest> {
  const digester = digesterOf(session);
  digester.begin(table.format);
  for await (const bytes of takeAll(request.content(table.path))) digester.update(bytes);
  return digester.finish();
}

function copyOutCommand(table: TableManifest, request: LoadRequest): string {
  return `COPY ${sqlName(request.nameOf(table))}${columnList(table)} TO STDOUT (FORMAT ${table.format})`;
}

function copyPagesCommand(table: TableManifest, { nameOf }: LoadRequest, where: string): string {
  return `COPY (SELECT ${table.columns.map(quoteName).join(", ")} FROM ONLY ${sqlName(nameOf(table))} AS t${where}) TO STDOUT`;
}

/** The condition of one of several parts of the pages that the table has. */
async function pagesOf(
  session: Session,
  table: TableManifest,
  { nameOf }: LoadRequest,
  { part, parts }: { part: number; parts: number },
): Promise<string> {
  const name = sqlName(nameOf(table));
  const [row] = await session.query<{ pages: number }>(
    `SELECT (pg_catalog.pg_relation_size(${quoteText(name)}::regclass) / ${PAGE_BYTES})::float8 AS pages`,
  );
  const end = (of: number): string => `'(${Math.floor((row!.pages * of) / parts)},0)'`;
  // The last part has no end: pages may come, and rows with them are a difference.
  const pages = [`t.ctid >= ${end(part)}`, ...(part + 1 < parts ? [`t.ctid < ${end(part + 1)}`] : [])];
  return ` WHERE ${pages.join(" AND ")}`;
}
