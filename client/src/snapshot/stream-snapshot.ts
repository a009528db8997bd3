/** Backs up a stream: standard input, or what a command prints. */
import { decodeMeta, EmptySourceError, encodeMeta, type Meta, metaId } from "@datadb/protocol";
import type { Connection, StoreFacts } from "../connection.ts";
import type { Engine } from "../ingest/engine.ts";
import type { Backup } from "../list/backup.ts";
import { commandOutput } from "../source/command-output.ts";
import type { WalkReport } from "../source/walk-report.ts";
import type { Identity } from "./identity.ts";
import { previousContent } from "./previous-backup.ts";
import type { SnapshotOptions, SnapshotSource } from "./snapshot-options.ts";

/** Standard input, or a command. */
export type StreamSource = Extract<SnapshotSource, { stdin: unknown } | { command: unknown }>;

export interface StreamContext {
  connection: Connection;
  facts: StoreFacts;
  identity: Identity;
  options: SnapshotOptions;
  before: Backup | null;
  report: WalkReport;
  /** Ends a command that is no longer listened to. */
  stop: AbortSignal;
}

/** The root is a file with the backup's name. Throws EMPTY_SOURCE, COMMAND_FAILED. */
export async function streamSnapshot(
  engine: Engine,
  source: StreamSource,
  { connection, facts, identity, options, before, report, stop }: StreamContext,
): Promise<{ root: Buffer; entries: number; bytes: number; cache: null }> {
  const meta: Meta = {
    name: Buffer.from(identity.name.replaceAll("/", "_")),
    type: "file",
    mode: 0o644,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    mtime: BigInt(Date.now()) * 1_000_000n,
    size: 0,
  };
  report.path = identity.name;
  if (options.dryRun) return { root: encodeMeta(meta), entries: 1, bytes: 0, cache: null };
  const pieces = "command" in source ? commandOutput(source.command, stop) : source.stdin;
  const { ref, bytes } = await engine.stream(
    counted(pieces, report),
    await previousContent(connection, facts.hash, before),
  );
  if (bytes === 0 && !options.allowEmpty) {
    const what =
      "command" in source ? `'${source.command.join(" ")}' printed nothing` : "standard input was empty";
    throw new EmptySourceError(`${what}; no backup was made`, "if that is meant, allow it: --allow-empty");
  }
  Object.assign(meta, ref);
  meta.size = bytes;
  const root = encodeMeta(meta);
  engine.emit(metaId(facts.hash, root), root);
  await engine.settle();
  report.counts.filesRead = 1;
  if (before === null) report.counts.new = 1;
  else report.counts.changed = 1;
  return { root, entries: 1, bytes: decodeMeta(root).size, cache: null };
}

async function* counted(pieces: AsyncIterable<Uint8Array>, report: WalkReport): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    report.counts.bytesRead += piece.length;
    yield piece;
  }
}
