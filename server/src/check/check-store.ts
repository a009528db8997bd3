/** Verifies a store: log, trees, packs, and as much of the content as asked. */
import type { CheckEvent, CheckOptions, CheckSummary } from "../database.ts";
import { checkData } from "./check-data.ts";
import { checkLog } from "./check-log.ts";
import { checkPacks } from "./check-packs.ts";
import type { CheckPart, CheckSource, CheckState } from "./check-source.ts";
import { checkTrees } from "./check-trees.ts";
import { findAffected } from "./find-affected.ts";

type Finding = Extract<CheckEvent, { type: "finding" }>;

/** Blobs that nobody refers to may be bad, too, without hurting any backup: those findings come without `affected`. */
async function* withAffected(state: CheckState, held: readonly Finding[]): CheckPart {
  const affected = await findAffected(state);
  for (const one of held) {
    const key = (one.kind ?? "") + Buffer.from(one.name ?? "", "hex").toString("latin1");
    const backups = affected.get(key);
    yield backups === undefined ? one : { ...one, affected: backups };
  }
}

/** See Database.check. Findings about blobs come at the end, when it is known whom they concern. */
export async function* checkStore(
  source: CheckSource,
  options: CheckOptions = {},
): AsyncGenerator<CheckEvent, CheckSummary> {
  const { readData = 0, signal } = options;
  const state: CheckState = {
    source,
    signal,
    bad: { data: new Set(), node: new Set() },
    backups: 0,
    nodes: 0,
    data: 0,
    read: 0,
    readBytes: 0,
  };
  const parts = [() => checkLog(state), () => checkTrees(state), () => checkData(state, readData)];
  // All nodes are read anyway when all data is.
  if (readData < 100) parts.splice(1, 0, () => checkPacks(state, "node"));
  // The same blob may be found by several parts: it counts once.
  const held = new Map<string, Finding>();
  let findings = 0;
  for (const part of parts) {
    for await (const event of part()) {
      if (event.type === "finding" && event.name !== undefined) {
        held.set(`${event.kind}${event.name}`, event);
        continue;
      }
      if (event.type === "finding") findings += 1;
      yield event;
    }
  }
  yield* withAffected(state, [...held.values()]);
  const { backups, nodes, data, read, readBytes } = state;
  return { findings: findings + held.size, backups, nodes, data, read, readBytes };
}
