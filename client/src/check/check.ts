/** Checks a store, by steps, so that it can be seen how far it is. */
import { type PlainReply, ReplyError, WrongReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";

/** A backup that needs something damaged. */
export interface AffectedBackup {
  /** Backup id, hex. */
  backup: string;
  /** The first paths, from the backup's root. */
  paths: string[];
  /** The same with the bytes of the file that are out of reach, `to` excluded; without them for directories. Of tables with rows, from 1. */
  places: { path: string; from?: number; to?: number; fromRow?: number; toRow?: number }[];
}

/** One thing that is wrong. */
export interface Finding {
  /** A word for it: `missing`, `damaged-record`, ... */
  what: string;
  message: string;
  kind?: "data" | "node" | "log";
  /** Name of the blob, hex. */
  name?: string;
  pack?: string;
  offset?: number;
  affected?: AffectedBackup[];
}

/** How far a check is: bytes in the phase data, records in the others. */
export interface CheckProgress {
  phase: string;
  done: number;
  total: number;
}

export interface CheckOptions {
  /** Percent of the content that is read, in whole packs, those not verified for longest first; 0 when absent. */
  readData?: number;
  /** The store mends what it can by itself. */
  repair?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: CheckProgress) => void;
}

export interface CheckResult {
  /** At most the first thousand; `count` is how many there are. */
  findings: Finding[];
  count: number;
  /** What the repair mended. */
  mended: number;
  /** What hurts no backup. */
  notes: string[];
  backups: number;
  nodes: number;
  data: number;
  /** Records and bytes of content that were read. */
  read: number;
  readBytes: number;
  /** Members of mirrors that were down or behind, and so not compared with the others. */
  uncompared: number;
}

type Fields = Map<string, PlainReply>;

function fieldsOf(reply: PlainReply): Fields {
  if (!Array.isArray(reply) || reply.length % 2 !== 0) throw new WrongReplyError("CHECK answered no map");
  return new Map(
    Array.from({ length: reply.length / 2 }, (_, at) => [String(reply[2 * at]), reply[2 * at + 1]!]),
  );
}

const number = (fields: Fields, name: string): number => Number(String(fields.get(name) ?? 0));
const texts = (fields: Fields, name: string): string[] => {
  const found = fields.get(name);
  return Array.isArray(found) ? found.map(String) : [];
};

async function interruptible<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener("abort", stop));
}

/** The session that had begun the check is gone with its server: the next one begins anew. */
function isForgotten(error: unknown): boolean {
  return error instanceof ReplyError && error.message.includes("no check is under way");
}

/** Needs the right admin. Throws what a Connection throws, and the signal's reason; closing the connection ends the check. */
export async function check(connection: Connection, options: CheckOptions = {}): Promise<CheckResult> {
  const { readData = 0, repair = false, signal, onProgress } = options;
  const begin = [
    "CHECK",
    ...(readData > 0 ? ["READ-DATA", readData] : []),
    ...(repair ? ["REPAIR"] : []),
    "STEPS",
  ];
  let words: (string | number)[] = begin;
  for (;;) {
    let fields: Fields;
    try {
      fields = fieldsOf(await interruptible(connection.call(...words), signal));
    } catch (error) {
      if (words === begin || !isForgotten(error)) throw error;
      words = begin;
      continue;
    }
    words = ["CHECK", "NEXT"];
    if (fields.has("findings")) return resultOf(fields);
    onProgress?.({
      phase: String(fields.get("phase")),
      done: number(fields, "done"),
      total: number(fields, "total"),
    });
  }
}

function resultOf(fields: Fields): CheckResult {
  return {
    findings: texts(fields, "problems").map((text) => JSON.parse(text) as Finding),
    count: number(fields, "findings"),
    mended: number(fields, "mended"),
    notes: texts(fields, "notes"),
    backups: number(fields, "backups"),
    nodes: number(fields, "nodes"),
    data: number(fields, "data"),
    read: number(fields, "read"),
    readBytes: number(fields, "read-bytes"),
    uncompared: number(fields, "uncompared"),
  };
}
