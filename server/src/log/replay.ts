/** Applies log records that LevelDB does not have yet. */
import { DamagedError } from "@datadb/protocol";
import { applyOperation } from "../keyspace/apply/apply.ts";
import type { CommittedView } from "../keyspace/committed-view.ts";
import type { Level } from "../keyspace/open-level.ts";
import { createOverlay } from "../keyspace/overlay-view.ts";
import type { Head } from "./head.ts";
import { followChain, type LogSource, listLog, type NamedLogRecord, readLog } from "./read-log.ts";
import type { TransactionIds } from "./transaction-ids.ts";
import { writeLevel } from "./write-level.ts";

/** What a replay changes. */
export interface ReplayTarget {
  readonly level: Level;
  readonly view: CommittedView;
  readonly transactions: TransactionIds;
}

/** Applies one record; resolves with the new head. Throws DAMAGED when it does not follow `head`. */
export async function applyRecord(
  target: ReplayTarget,
  head: Head,
  named: NamedLogRecord,
  source: LogSource,
): Promise<Head> {
  const next = followChain(head, named);
  const view = createOverlay(target.view);
  const txids: Buffer[] = [];
  for (const { txid, operations } of named.record.commits) {
    if (txid.length > 0) txids.push(txid);
    for (const operation of operations) {
      try {
        await applyOperation(view, operation, source.hash);
      } catch (cause) {
        throw new DamagedError(`log record ${next.sequence} cannot be applied: ${(cause as Error).message}`, {
          cause,
          fields: { sequence: next.sequence },
        });
      }
    }
  }
  target.view.publish(view.changes);
  await writeLevel(target.level, view.changes, next, target.transactions.take(next.sequence, txids));
  target.view.settle(view.changes);
  return next;
}

/**
 * Applies every record after `head`, in the order of the log. Resolves with the head that is reached. Throws DAMAGED when a record
 * forks the log, breaks its chain, or when the record that LevelDB stands at is gone.
 */
export async function replay(target: ReplayTarget, head: Head, source: LogSource): Promise<Head> {
  const places = await listLog(source);
  const at = head.sequence === 0 ? -1 : places.findIndex(({ name }) => name.equals(head.name));
  if (head.sequence > 0 && at < 0) {
    throw new DamagedError(
      `the log record ${head.sequence} (${head.name.toString("hex")}) that meta/ stands at is not in any pack`,
      {
        next: "run datadb check --repair: meta/ still has what was committed; datadb rebuild would go back to the last record that is there",
        fields: { sequence: head.sequence, name: head.name.toString("hex") },
      },
    );
  }
  let reached = head;
  for await (const named of readLog(source, places.slice(at + 1)))
    reached = await applyRecord(target, reached, named, source);
  return reached;
}
