/** The definitions of a database as SQL, by PostgreSQL's own programs, in one form for one content. */
import pg from "pg";
import type { Session } from "../connect/session.ts";
import { clientEncoding, startupOptions } from "../connect/session-settings.ts";
import { findProgram, findProgramBeside, type PgProgram } from "../programs/find-program.ts";
import { runProgram } from "../programs/run-program.ts";
import { withService } from "../programs/with-service.ts";

/** Fixed: a random one would make each dump another. It protects psql from names that look like its commands. */
const RESTRICT_KEY = "datadb";

export interface SchemaPrograms {
  dump: PgProgram;
  restore: PgProgram;
  dumpAll: PgProgram;
}

/** Throws PG_PROGRAM_MISSING. */
export async function findSchemaPrograms(
  versionNumber: number,
  options: { binDirectory?: string | undefined; environment?: NodeJS.ProcessEnv },
): Promise<SchemaPrograms> {
  const dump = await findProgram("pg_dump", versionNumber, options);
  const [dumpAll, found] = await Promise.all([
    findProgramBeside(dump, "pg_dumpall", versionNumber, options),
    findProgramBeside(dump, "pg_restore", versionNumber, options),
  ]);
  // What pg_dump writes, an older pg_restore cannot read.
  const isOlder = found.major < dump.major;
  const restore = isOlder ? await findProgram("pg_restore", dump.major * 10000, options) : found;
  return { dump, restore, dumpAll };
}

export interface DumpOptions {
  programs: SchemaPrograms;
  session: Session;
  applicationName: string;
  signal: AbortSignal;
}

/** pre-data and post-data in the snapshot, without `excluded`. `lockWait`: milliseconds for each lock. */
export async function dumpSchema(
  { programs, session, applicationName, signal }: DumpOptions,
  {
    snapshot,
    excluded,
    lockWait,
  }: { snapshot: string; excluded: readonly { schema: string; name: string }[]; lockWait: number },
): Promise<{ preData: Buffer; postData: Buffer }> {
  const environment = environmentOf(session, applicationName);
  const archive = await withService(session.target.parameters, environment, (complete) =>
    runProgram({
      path: programs.dump.path,
      args: [
        "--schema-only",
        "--format=custom",
        "--compress=0",
        `--snapshot=${snapshot}`,
        `--lock-wait-timeout=${lockWait}`,
        ...excluded.map(
          ({ schema, name }) => `--exclude-table=${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`,
        ),
      ],
      environment: complete,
      signal,
      what: `${session.target.label}: pg_dump`,
    }),
  );
  const section = async (name: string): Promise<Buffer> =>
    settled(
      await runProgram({
        path: programs.restore.path,
        args: [`--section=${name}`, "--file=-", ...restrictKey(programs.restore)],
        environment,
        signal,
        input: archive,
        what: `${session.target.label}: pg_restore`,
      }),
    );
  const [preData, postData] = await Promise.all([section("pre-data"), section("post-data")]);
  return { preData, postData };
}

/** Roles, memberships and tablespaces of the server; without password hashes where the user may not read them. */
export async function dumpGlobals({
  programs,
  session,
  applicationName,
  signal,
}: DumpOptions): Promise<Buffer> {
  const [row] = await session.query<{ allowed: boolean }>(
    "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS allowed",
  );
  const environment = environmentOf(session, applicationName);
  const globals = await withService(session.target.parameters, environment, (complete) =>
    runProgram({
      path: programs.dumpAll.path,
      args: [
        "--globals-only",
        // A name with = would be read as parameters; pg_dumpall then connects to postgres.
        ...(session.target.database.includes("=") ? [] : [`--database=${session.target.database}`]),
        ...(row!.allowed ? [] : ["--no-role-passwords"]),
        ...restrictKey(programs.dumpAll),
      ],
      environment: complete,
      signal,
      what: `${session.target.label}: pg_dumpall`,
    }),
  );
  return settled(globals);
}

function restrictKey(program: PgProgram): string[] {
  return program.restrictKey ? [`--restrict-key=${RESTRICT_KEY}`] : [];
}

/** Literals in definitions depend on the time zone; messages are looked at. */
function environmentOf(session: Session, applicationName: string): NodeJS.ProcessEnv {
  return {
    ...session.target.environment,
    // A setting of the database may be an encoding that does not have all of its letters.
    PGCLIENTENCODING: clientEncoding(session.server.encoding),
    PGAPPNAME: applicationName,
    PGOPTIONS: startupOptions(session.target.parameters["options"]),
    PGTZ: "UTC",
    PGDATESTYLE: "ISO",
    LC_ALL: "C",
  };
}

/** Without versions, which vary and say nothing of the content. They stand before the first command; behind it, texts may look so. */
function settled(sql: Buffer): Buffer {
  const text = sql.toString("latin1");
  const end = text.search(/^SET /m);
  const head = end < 0 ? text : text.slice(0, end);
  const kept = head.replace(/^-- (?:Dumped (?:from|by)|Started on|Completed on) .*\n/gm, "");
  return Buffer.from(kept + text.slice(head.length), "latin1");
}
