/** Runs a program of PostgreSQL and takes what it prints. */
import { spawn } from "node:child_process";
import {
  DatabaseBusyError,
  DatabaseChangedError,
  DatabaseFailedError,
  DatabaseForbiddenError,
  DatabaseUnreachableError,
  InterruptedError,
} from "@datadb/protocol";
import { NO_CONNECTION_FREE } from "../connect/database-error.ts";

export interface RunProgramOptions {
  path: string;
  args: readonly string[];
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** For its standard input. */
  input?: Buffer;
  /** For messages: what it is run for. */
  what: string;
}

/** Standard error that is kept for a message. */
const MESSAGE_BYTES = 4096;

/** Standard output of a program that succeeds. Throws DATABASE_BUSY, DATABASE_CHANGED, DATABASE_FORBIDDEN, DATABASE_UNREACHABLE, DATABASE_FAILED with what it says. */
export function runProgram({
  path,
  args,
  environment,
  signal,
  input,
  what,
}: RunProgramOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { env: environment, stdio: ["pipe", "pipe", "pipe"], signal });
    const output: Buffer[] = [];
    let messages = Buffer.alloc(0);
    child.stdout.on("data", (bytes: Buffer) => output.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => {
      messages = Buffer.concat([messages, bytes]).subarray(-MESSAGE_BYTES);
    });
    child.on("error", (cause) => {
      if (signal.aborted) reject(new InterruptedError(`${what} was interrupted`, { cause }));
      else reject(new DatabaseFailedError(`${path} cannot be run: ${cause.message}`, { cause }));
    });
    child.on("close", (code, by) => {
      if (code === 0) resolve(Buffer.concat(output));
      else
        reject(
          failure(what, messages.toString().trim() || (code === null ? `ended by ${by}` : `status ${code}`)),
        );
    });
    // It may end without having read all: its status tells why.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** pg_dump has its --lock-wait-timeout as the time limit of the statement that locks. */
const NO_LOCK = /lock timeout|could not obtain lock|statement timeout[\s\S]*LOCK TABLE/;

/** A table, or a part of its definition, that the snapshot shows and that went before pg_dump had its lock. */
const GONE = /does not exist[\s\S]*LOCK TABLE|could not open relation with OID|cache lookup failed/;

function failure(what: string, said: string): Error {
  const message = `${what}: ${said}`;
  if (NO_LOCK.test(said)) return new DatabaseBusyError(message);
  if (GONE.test(said)) return new DatabaseChangedError(message);
  if (/permission denied/.test(said)) return new DatabaseForbiddenError(message);
  if (/too many (?:connections|clients)|remaining connection slots/.test(said))
    return new DatabaseUnreachableError(message, NO_CONNECTION_FREE);
  if (/could not connect|connection to server|server closed the connection/.test(said))
    return new DatabaseUnreachableError(message);
  return new DatabaseFailedError(message);
}
