/** The one place where an error becomes a message, a record and an exit code. */
import { DatadbError, ERROR_CATALOGUE, ReplyError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import type { Output } from "./output.ts";
import { printable } from "./printable.ts";

interface Presented {
  code: string;
  exit: number;
  message: string;
  next: string | undefined;
}

/** Prints the error (with --json also as a record on standard output) and returns the exit code. */
export function presentError(
  error: unknown,
  output: Output,
  interrupted: AbortSignal,
  verb?: string,
): number {
  const { code, exit, message, next } = interrupted.aborted
    ? interruption(interrupted, verb)
    : describe(error, verb);
  output.record({ type: "error", code, message, ...(next ? { next } : {}), exit });
  // Some messages have a list in them: their line breaks stay.
  const lines = message.split("\n").map((line) => printable(line));
  output.error([...lines, ...(next ? [`  ${printable(next)}`] : [])].join("\n"));
  if (code === "INTERNAL" && error instanceof Error) output.error(error.stack ?? String(error));
  return exit;
}

function interruption(signal: AbortSignal, verb: string | undefined): Presented {
  const reason = signal.reason instanceof Error ? signal.reason.message : "";
  return {
    code: "INTERRUPTED",
    exit: EXIT.interrupted,
    message: `interrupted${reason ? ` by ${reason}` : ""}`,
    next: `run the same command again${verb === "snapshot" ? ": what was stored already is not sent again" : ""}`,
  };
}

/** What helps against errors of the system that have no advice of their own. */
const SYSTEM_ADVICE: Readonly<Record<string, string>> = {
  EACCES: "choose a place that you may use, or run it as a user who may",
  EPERM: "choose a place that you may use, or run it as a user who may",
  EROFS: "choose a place that is not read-only",
  ENOENT: "check the path",
  ENOTDIR: "check the path",
  ENOSPC: "free some space, then run the command again",
  EADDRINUSE: "something listens there already: stop it, or choose other ports with --port and --http-port",
  EADDRNOTAVAIL: "choose an address of this machine with --host",
};

function describe(error: unknown, verb: string | undefined): Presented {
  if (error instanceof DatadbError) {
    const { code, message } = error;
    const general = code === "USAGE" && error.next === ERROR_CATALOGUE.USAGE.next && verb !== undefined;
    const next = general ? `see: datadb ${verb} --help` : error.next;
    const exit = ERROR_CATALOGUE[code as keyof typeof ERROR_CATALOGUE]?.exitCode ?? EXIT.failed;
    return { code, exit, message, next };
  }
  if (error instanceof ReplyError) return refusal(error);
  const system = error as NodeJS.ErrnoException;
  if (error instanceof Error && typeof system.code === "string" && system.syscall !== undefined) {
    return { code: system.code, exit: EXIT.failed, message: error.message, next: SYSTEM_ADVICE[system.code] };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "INTERNAL",
    exit: EXIT.failed,
    message: `unexpected: ${message}`,
    next: "this is a bug in datadb: please report it with the lines below",
  };
}

/** What a server refuses that is no code of the catalogue, and what helps. */
const REFUSALS: Readonly<Record<string, string>> = {
  NOAUTH: "give user and password in DATADB_SERVER, or the password in DATADB_PASSWORD",
  WRONGPASS: "check user and password: DATADB_SERVER, DATADB_PASSWORD",
  NOPERM: "use a user whose right allows this",
};

/** A reply has the code without its underscores as kind, and its advice in the message. */
function refusal({ kind, message }: ReplyError): Presented {
  const code = Object.keys(ERROR_CATALOGUE).find((one) => one.replaceAll("_", "") === kind);
  const exit = ERROR_CATALOGUE[code as keyof typeof ERROR_CATALOGUE]?.exitCode;
  const text = message.slice(kind.length).trimStart();
  return { code: code ?? kind, exit: exit ?? EXIT.failed, message: text, next: REFUSALS[kind] };
}
