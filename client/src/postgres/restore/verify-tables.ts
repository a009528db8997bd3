/** Reads loaded tables back and compares them with what was sent, byte for byte. */
import { DatabaseDiffersError } from "@datadb/protocol";
import { databaseError } from "../connect/database-error.ts";
import type { Session } from "../connect/open-session.ts";
import type { PostgresManifest, TableManifest } from "../manifest/manifest.ts";
import { copyRows } from "./copy-rows.ts";
import { columnList, type LoadRequest } from "./load-tables.ts";
import { isLarge, rowDigest } from "./row-digest.ts";
import { keyOf, shownName, sqlName } from "./script/object-name.ts";
import type { Task } from "./tasks.ts";

export interface VerifyRequest extends LoadRequest {
  manifest: PostgresManifest;
  onWarning(text: string): void;
  onVerified(table: TableManifest): void;
}

/** Small tables that one task reads. */
const GROUP_BYTES = 4 << 20;

/** Equal bytes mean the content that the backup names. Tasks hold their tables shared: indexes may be built meanwhile. */
export function verifyTasks(tables: readonly TableManifest[], request: VerifyRequest): Task[] {
  const tasks: Task[] = [];
  let group: TableManifest[] = [];
  let bytes = 0;
  const finish = (): void => {
    const members = group;
    if (members.length > 0)
      tasks.push({
        label: shownName(members[0]!),
        tables: members.map(keyOf),
        shared: true,
        run: async (session) => {
          for (const table of members) await verifyTable(session, table, request);
        },
      });
    group = [];
    bytes = 0;
  };
  for (const table of tables) {
    if (!request.digests.has(keyOf(table)) || table.kind === "foreign" || table.kind === "extension-config")
      continue;
    group.push(table);
    bytes += table.bytes;
    if (bytes >= GROUP_BYTES) finish();
  }
  finish();
  return tasks;
}

async function verifyTable(session: Session, table: TableManifest, request: VerifyRequest): Promise<void> {
  const name = request.nameOf(table);
  const digest = rowDigest(table);
  try {
    await copyRows(session.client, copyOutCommand(table, request), (bytes) => digest.update(bytes));
  } catch (error) {
    throw databaseError(error, `${session.target.label}: reading ${shownName(name)} back`);
  }
  if (digest.digest() === request.digests.get(keyOf(table))) {
    request.onVerified(table);
    return;
  }
  const where = await firstDifference(session, table, request);
  const text = `${session.target.label}: the rows of ${shownName(name)} read back differently from the backup${where}`;
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

function copyOutCommand(table: TableManifest, request: LoadRequest): string {
  return `COPY ${sqlName(request.nameOf(table))}${columnList(table)} TO STDOUT (FORMAT ${table.format})`;
}

/** Long rows are cut. */
const SHOWN = 120;

/** Reads both once more, row beside row. */
async function firstDifference(
  session: Session,
  table: TableManifest,
  request: LoadRequest,
): Promise<string> {
  if (table.format !== "text" || !isLarge(table)) return "";
  const sent = lines(request.content(table.path));
  let row = 0;
  let found = "";
  let rest: Buffer = Buffer.alloc(0);
  // One chunk behind the other would need a second queue: rows are asked for as they come.
  const received: string[] = [];
  await copyRows(session.client, copyOutCommand(table, request), (bytes) => {
    if (received.length > KEPT_ROWS) return;
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      received.push(rest.toString("utf8", 0, end));
      rest = rest.subarray(end + 1);
    }
  });
  for await (const line of sent) {
    const other = received[row++];
    if (other === line) continue;
    if (row <= received.length)
      found = `: row ${row} was ${line.slice(0, SHOWN)} and is ${other!.slice(0, SHOWN)}`;
    break;
  }
  return found;
}

/** What changed shows early or it takes too much memory to find. */
const KEPT_ROWS = 100_000;

async function* lines(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of source) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      yield rest.toString("utf8", 0, end);
      rest = rest.subarray(end + 1);
    }
  }
}
