/** Makes large objects with their numbers, content, owners, privileges and comments. */
import type { Session } from "../connect/session.ts";
import type { LargeObject } from "../manifest/manifest.ts";
import type { BackupFiles } from "./backup-files.ts";
import { aclStatements } from "./plan/acl-statements.ts";
import { runOne } from "./run-script.ts";
import { quoteName, quoteText } from "./script/object-name.ts";
import type { Task } from "./tasks.ts";

export interface LargeObjectOptions {
  noOwner: boolean;
  noPrivileges: boolean;
  /** Whether privileges are granted by those who granted them. */
  asGrantor: boolean;
  /** Called inside each transaction, before its end. */
  beforeCommit(session: Session): Promise<void>;
  onObject(bytes: number): void;
}

const GROUP_OBJECTS = 500;
const GROUP_BYTES = 16 << 20;
/** What one command carries. */
const PIECE_BYTES = 1 << 20;

export function largeObjectTasks(files: BackupFiles, options: LargeObjectOptions): Task[] {
  const tasks: Task[] = [];
  let group: LargeObject[] = [];
  let bytes = 0;
  const finish = (): void => {
    const members = group;
    if (members.length > 0)
      tasks.push({
        label: "large objects",
        tables: [],
        shared: true,
        run: (session) => makeGroup(session, files, members, options),
      });
    group = [];
    bytes = 0;
  };
  for (const object of files.largeObjects) {
    group.push(object);
    bytes += object.bytes;
    if (bytes >= GROUP_BYTES || group.length >= GROUP_OBJECTS) finish();
  }
  finish();
  return tasks;
}

async function makeGroup(
  session: Session,
  files: BackupFiles,
  objects: readonly LargeObject[],
  options: LargeObjectOptions,
): Promise<void> {
  await session.query("BEGIN");
  for (const object of objects) {
    await session.query("SELECT pg_catalog.lo_create($1::bigint::oid)", [object.oid]);
    let at = 0;
    for await (const piece of pieces(files.largeObject(object.oid))) {
      await session.query("SELECT pg_catalog.lo_put($1::bigint::oid, $2::bigint, $3)", [
        object.oid,
        at,
        piece,
      ]);
      at += piece.length;
    }
    for (const statement of attributes(object, options)) await runOne(session, statement);
    options.onObject(at);
  }
  await options.beforeCommit(session);
  await session.query("COMMIT");
}

async function* pieces(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const part of source)
    for (let at = 0; at < part.length; at += PIECE_BYTES) yield part.subarray(at, at + PIECE_BYTES);
}

function attributes(object: LargeObject, options: LargeObjectOptions): string[] {
  const name = `LARGE OBJECT ${object.oid}`;
  const statements: string[] = [];
  if (object.comment !== null) statements.push(`COMMENT ON ${name} IS ${quoteText(object.comment)}`);
  const { owner, acl } = object;
  const { noOwner, asGrantor } = options;
  if (!options.noPrivileges && acl !== null)
    statements.push(...aclStatements(acl, name, { owner, noOwner, asGrantor }));
  if (!noOwner) statements.unshift(`ALTER ${name} OWNER TO ${quoteName(object.owner)}`);
  return statements;
}
