/** Adds foreign keys to tables that hold their rows: also one that does not hold for them, which a backup can have. */
import type { DatadbError } from "@datadb/protocol";
import type { Session } from "../connect/session.ts";
import { runOne, runScript } from "./run-script.ts";

/** SQLSTATE of a row that refers to one that is not there. */
const VIOLATED = "23503";

/**
 * Must run inside of a transaction. Rows that `--where` chose, or that a database with its checks switched off took, may refer to rows that are
 * not there: such a key is added NOT VALID, so that the server checks what comes from now on, and told. Throws what the server says where
 * that is impossible.
 */
export async function addForeignKeys(
  session: Session,
  statements: readonly string[],
  warn: (text: string) => void,
): Promise<void> {
  await session.query("SAVEPOINT datadb_keys");
  try {
    await runScript(session, statements);
  } catch (error) {
    if (!isViolation(error)) throw error;
    await session.query("ROLLBACK TO SAVEPOINT datadb_keys");
    for (const statement of statements) await addForeignKey(session, statement, warn);
  }
  await session.query("RELEASE SAVEPOINT datadb_keys");
}

async function addForeignKey(
  session: Session,
  statement: string,
  warn: (text: string) => void,
): Promise<void> {
  await session.query("SAVEPOINT datadb_key");
  try {
    await runOne(session, statement);
  } catch (error) {
    if (!isViolation(error)) throw error;
    await session.query("ROLLBACK TO SAVEPOINT datadb_key");
    try {
      await runOne(session, `${statement} NOT VALID`);
    } catch {
      // Of a partitioned table, before PostgreSQL 18.
      throw error;
    }
    warn(
      `a foreign key does not hold for the rows of the backup, and is NOT VALID: ${(error as Error).message}`,
    );
  }
  await session.query("RELEASE SAVEPOINT datadb_key");
}

function isViolation(error: unknown): boolean {
  return (error as DatadbError).fields?.["sqlstate"] === VIOLATED;
}
