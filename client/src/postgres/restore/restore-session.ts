/** Sessions that restore: canonical settings, and those under which definitions and rows load fast and as they are. */
import { rowSocket } from "../backup/read/row-socket.ts";
import type { MakeSocket } from "../connect/make-client.ts";
import { openSession } from "../connect/open-session.ts";
import type { Session } from "../connect/session.ts";
import { ROW_SETTINGS } from "../connect/session-settings.ts";
import type { PostgresTarget } from "../connect/target.ts";
import { rowDigester, setDigester } from "./load/row-digest.ts";

export const APPLICATION_NAME = "datadb restore";

/** Of memory for each index that is built: with the default of 64 MB most sorts would go to disk. */
const MAINTENANCE_MEMORY_MB = 256;

const SETTINGS: Readonly<Record<string, string>> = {
  array_nulls: "on",
  check_function_bodies: "off",
  client_min_messages: "warning",
  default_transaction_read_only: "off",
  default_transaction_isolation: "read committed",
  default_tablespace: "",
  default_toast_compression: "pglz",
  // Parallel plans may check foreign keys and fill materialized views.
  max_parallel_workers_per_gather: "2",
};

/** A session that loads rows and reads them back, where its digester looks at them. */
export async function openLoadingSession(
  target: PostgresTarget,
  rowSettings: Readonly<Record<string, string>>,
): Promise<Session> {
  const digester = rowDigester();
  const session = await openRestoreSession(target, {
    rowSettings,
    socket: () => rowSocket(digester.input, false),
  });
  setDigester(session, digester);
  return session;
}

/** So that rows mean what they meant in the backup; only known settings are taken. */
export async function setRowSettings(
  session: Session,
  rowSettings: Readonly<Record<string, string>>,
): Promise<void> {
  await setAll(session, known(rowSettings));
}

function known(rowSettings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rowSettings).filter(([name]) => Object.hasOwn(ROW_SETTINGS, name)),
  );
}

/** But those that the server does not know. `least`: only where the server has less memory for it, in MB. */
async function setAll(
  session: Session,
  settings: Readonly<Record<string, string>>,
  least: Readonly<Record<string, number>> = {},
): Promise<void> {
  await session.query(
    `SELECT pg_catalog.set_config(v.name, v.value, false) FROM unnest($1::text[], $2::text[], $3::bigint[]) AS v (name, value, least)
     WHERE CASE WHEN v.least IS NULL THEN pg_catalog.current_setting(v.name, true) IS NOT NULL
       ELSE pg_catalog.pg_size_bytes(pg_catalog.current_setting(v.name)) < v.least END`,
    [
      [...Object.keys(settings), ...Object.keys(least)],
      [...Object.values(settings), ...Object.values(least).map((megabytes) => `${megabytes}MB`)],
      [
        ...Object.keys(settings).map(() => null),
        ...Object.values(least).map((megabytes) => megabytes * 2 ** 20),
      ],
    ],
  );
}

export interface RestoreSessionOptions {
  /** See setRowSettings. */
  rowSettings?: Readonly<Record<string, string>>;
  /** Whether commits wait for the server's disk. What is restored is worth nothing before its last one, which does. */
  durable?: boolean;
  /** Instead of the driver's. */
  socket?: MakeSocket;
}

export async function openRestoreSession(
  target: PostgresTarget,
  { rowSettings = {}, durable = false, socket }: RestoreSessionOptions = {},
): Promise<Session> {
  const session = await openSession(target, APPLICATION_NAME, socket);
  try {
    const settings = { ...SETTINGS, synchronous_commit: durable ? "on" : "off", ...known(rowSettings) };
    await setAll(session, settings, { maintenance_work_mem: MAINTENANCE_MEMORY_MB });
    return session;
  } catch (error) {
    await session.end();
    throw error;
  }
}
