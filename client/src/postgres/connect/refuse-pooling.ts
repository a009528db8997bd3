/** Tells a pooler that gives each transaction another session: there, settings, locks and snapshots go to whoever comes next. */
import { UsageError } from "@datadb/protocol";
import type pg from "pg";

/** A busy pool may give the session that was just used to somebody else. */
const LOOKS = 3;
const PID = "SELECT pg_catalog.pg_backend_pid() AS pid";

/** Whether something is between the client and the backend: a pooler gives a key of its own with which to cancel commands. */
export function isPooled(client: pg.Client, pid: number): boolean {
  return (client as pg.Client & { processID?: number | null }).processID !== pid;
}

/**
 * Changes nothing in the session. `open` connects as `client` is connected: where another connection is given the backend of an idle
 * one, no session belongs to anybody. Throws USAGE then; what `open` throws is no reason.
 */
export async function refusePooling(
  client: pg.Client,
  label: string,
  open: () => Promise<pg.Client>,
): Promise<void> {
  const other = await open().catch(() => null);
  if (other === null) return;
  try {
    for (let look = 0; look < LOOKS; look++) if (await isShared(client, other)) throw refusal(label);
  } finally {
    await other.end().catch(() => {});
  }
}

async function isShared(client: pg.Client, other: pg.Client): Promise<boolean> {
  const first = await pidOf(client);
  await other.query("BEGIN");
  const held = await pidOf(other);
  // While the other one is in a transaction, this one must be given what it had.
  const shared = held === first || (await pidOf(client)) !== first;
  await other.query("ROLLBACK");
  return shared;
}

async function pidOf(client: pg.Client): Promise<number> {
  return (await client.query<{ pid: number }>(PID)).rows[0]!.pid;
}

function refusal(label: string): UsageError {
  return new UsageError(
    `${label} is reached through a pooler that gives each transaction another session`,
    "connect to the server itself, past the pooler, or to a pool in session mode",
  );
}
