/** The log: its records, its chain, its end, and its newest checkpoint. */
import { DatadbError, hashLength, references } from "@datadb/protocol";
import type { Head } from "../log/head.ts";
import { followChain, listLog, readLog } from "../log/read-log.ts";
import { fetchNodes } from "../rebuild/load-log.ts";
import { checkPacks } from "./check-packs.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";

/** Reads the log; resolves the root of the newest checkpoint. */
export async function* checkLog(state: CheckState): CheckPart {
  const { source } = state;
  yield* checkPacks(state, "log");
  const end = source.head();
  let reached: Head | null = null;
  let checkpoint: { sequence: number; root: Buffer | null } | null = null;
  try {
    const places = await listLog(source);
    for await (const named of readLog(source, places)) {
      state.signal?.throwIfAborted();
      const { sequence, previous, commits } = named.record;
      // What was collected before the first record is not missing.
      reached = followChain(reached ?? { sequence: sequence - 1, name: previous }, named);
      for (const { operations } of commits)
        for (const operation of operations) if (operation.op === "checkpoint") checkpoint = operation;
      if (sequence % 1000 === 0)
        yield { type: "progress", phase: "log", done: sequence, total: end.sequence };
    }
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    yield finding(state, { what: "log", kind: "log", message: error.message });
    return;
  }
  if ((reached?.sequence ?? 0) < end.sequence) {
    yield finding(state, {
      what: "log",
      kind: "log",
      message: `the log ends at record ${reached?.sequence ?? 0}, but ${end.sequence} were committed`,
    });
  }
  if (checkpoint?.root) yield* checkCheckpoint(state, checkpoint.sequence, checkpoint.root);
}

async function* checkCheckpoint(state: CheckState, sequence: number, root: Buffer): CheckPart {
  const { backend, hash } = state.source;
  const fetch = fetchNodes(backend, hash);
  const stack: Buffer[] = [root];
  try {
    while (stack.length > 0) {
      state.signal?.throwIfAborted();
      const contents = await fetch(stack.splice(-256));
      for (const content of contents)
        for (const { name } of references(content, hashLength(hash))) stack.push(name);
    }
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    const message = `the checkpoint of log record ${sequence} is not whole (${error.message}); a rebuild takes an older one or the whole log`;
    yield finding(state, { what: "checkpoint", kind: "node", message });
  }
}
