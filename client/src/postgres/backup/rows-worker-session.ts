/** The one session of an ingest worker with the database: opened for the first rows, kept for all. */
import { openSession, type Session } from "../connect/open-session.ts";
import type { PostgresTarget } from "../connect/target.ts";
import { rowSocket } from "./row-socket.ts";

let opened: Promise<Session> | undefined;

/** `input`: what comes from the server is read to this place. */
export function workerSession(
  target: PostgresTarget,
  applicationName: string,
  input: Buffer,
): Promise<Session> {
  opened ??= openSession(target, applicationName, () => rowSocket(input, true));
  return opened;
}

/** Ends what a failed part has left. A session that cannot be used any more is opened anew next time. */
export async function resetWorkerSession(): Promise<void> {
  try {
    await (await opened)?.query("ROLLBACK");
  } catch {
    opened = undefined;
  }
}

/** Gives locks and snapshot back. */
export async function endWorkerSession(): Promise<void> {
  const session = opened;
  opened = undefined;
  await (await session?.catch(() => undefined))?.end();
}
