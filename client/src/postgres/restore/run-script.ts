/** Runs statements in order, many in one message, and says which one failed. */
import { databaseError } from "../connect/database-error.ts";
import type { Session } from "../connect/session.ts";

/** A message of this size is a small part of a second of work, and saves most of the round trips. */
const BATCH_CHARACTERS = 32 << 10;
const BATCH_STATEMENTS = 50;
/** Of the failed statement, in the message. */
const SHOWN_CHARACTERS = 200;

/** Must run inside of a transaction, which is as before when it throws DATABASE_FAILED. `onBatch` is told of each number of statements done. */
export async function runScript(
  session: Session,
  statements: readonly string[],
  onBatch: (count: number) => void = () => {},
): Promise<void> {
  for (let at = 0; at < statements.length; ) {
    let end = at;
    for (
      let size = 0;
      end < statements.length && end - at < BATCH_STATEMENTS && size < BATCH_CHARACTERS;
      end++
    )
      size += statements[end]!.length;
    await runBatch(session, statements.slice(at, end));
    onBatch(end - at);
    at = end;
  }
}

async function runBatch(session: Session, batch: readonly string[]): Promise<void> {
  if (batch.length === 1) return await runOne(session, batch[0]!);
  await session.client.query("SAVEPOINT datadb_batch");
  try {
    await session.client.query(`${batch.join(";\n")};\nRELEASE SAVEPOINT datadb_batch`);
    return;
  } catch (error) {
    // Only an error of the server leaves a session that can be asked which statement it was.
    if ((error as { severity?: string }).severity !== "ERROR")
      throw databaseError(error, session.target.label);
    await session.query("ROLLBACK TO SAVEPOINT datadb_batch");
  }
  for (const statement of batch) await runOne(session, statement);
}

/** Runs one statement; the error says which. */
export async function runOne(session: Session, statement: string): Promise<void> {
  try {
    await session.client.query(statement);
  } catch (error) {
    const line = statement.replace(/\s+/g, " ");
    const shown = line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}...` : line;
    throw databaseError(error, `${session.target.label}: ${shown}`);
  }
}
