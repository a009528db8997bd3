/** The keyspace: meta/ holds what the log makes, no more and no less. LevelDB drops what it cannot read of its own log without a word. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointBuilder, DatadbError, type HashAlgorithm, hashLength } from "@datadb/protocol";
import { createCommittedView } from "../keyspace/committed-view.ts";
import { type Level, levelError, openLevel } from "../keyspace/open-level.ts";
import { HEAD_KEY } from "../keyspace/raw-key.ts";
import { decodeHead, type Head } from "../log/head.ts";
import { TransactionIds } from "../log/transaction-ids.ts";
import { loadLog } from "../rebuild/load-log.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";

/** A store that is written to all the time is compared once it holds still for the comparison. */
const ATTEMPTS = 3;
const PAGE_ENTRIES = 1000;

/** What a keyspace holds, as one name, and the log record that it stands at. */
interface Digest {
  readonly head: Head | null;
  readonly root: string;
}

async function digestOf(level: Level, hash: HashAlgorithm): Promise<Digest> {
  const snapshot = level.snapshot();
  const iterator = level.iterator({ snapshot });
  const builder = new CheckpointBuilder(hash, () => {});
  let head: Head | null = null;
  try {
    for (
      let page = await iterator.nextv(PAGE_ENTRIES);
      page.length > 0;
      page = await iterator.nextv(PAGE_ENTRIES)
    ) {
      for (const [key, value] of page) {
        if (key.equals(HEAD_KEY)) head = decodeHead(value, hashLength(hash));
        else builder.add(key, value);
      }
    }
    return { head, root: builder.finish()?.toString("hex") ?? "" };
  } catch (error) {
    throw levelError(level.location, error);
  } finally {
    await iterator.close();
    await snapshot.close();
  }
}

/** The keyspace that the log makes; null when the log does not say. */
async function digestOfLog({ source }: CheckState): Promise<Digest | null> {
  const directory = await mkdtemp(join(tmpdir(), "datadb-check-"));
  try {
    const level = await openLevel(join(directory, "meta"));
    try {
      const target = { level, view: createCommittedView(level), transactions: new TransactionIds() };
      await loadLog(target, source, () => {});
      return await digestOf(level, source.hash);
    } catch (error) {
      // What is wrong with the log has findings of its own.
      if (error instanceof DatadbError) return null;
      throw error;
    } finally {
      await level.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Compares them, from the same log record on. */
export async function* checkKeyspace(state: CheckState): CheckPart {
  const { source, signal } = state;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    signal?.throwIfAborted();
    await source.settled();
    let live: Digest;
    try {
      live = await digestOf(source.meta, source.hash);
    } catch (error) {
      if (!(error instanceof DatadbError) || error.code !== "DAMAGED") throw error;
      return yield finding(state, { what: "keyspace", message: `${error.message}; ${error.next}` });
    }
    const logged = await digestOfLog(state);
    if (logged === null) return;
    if ((live.head?.sequence ?? 0) !== (logged.head?.sequence ?? 0)) continue;
    if (live.root !== logged.root) {
      const message = `${source.meta.location} does not hold what the log says: run datadb rebuild, which makes it anew`;
      yield finding(state, { what: "keyspace", message });
    }
    return;
  }
  yield { type: "note", message: "the keyspace was not compared with the log: it kept changing" };
}
