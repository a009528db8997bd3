/** Verifies a store: log, index, trees, packs, and as much of the content as asked; mends what it can when asked to. */
import { DatadbError } from "@datadb/protocol";
import type { CheckEvent, CheckOptions, CheckSummary } from "../database.ts";
import { checkData } from "./check-data.ts";
import { checkHeaders } from "./check-headers.ts";
import { checkIndex } from "./check-index.ts";
import { checkKeyspace } from "./check-keyspace.ts";
import { checkLevels } from "./check-levels.ts";
import { checkLog } from "./check-log.ts";
import { checkMirrors } from "./check-mirrors.ts";
import { checkPacks } from "./check-packs.ts";
import { checkProtection } from "./check-protection.ts";
import { type CheckPart, type CheckSource, type CheckState, finding, namesOf } from "./check-source.ts";
import { checkTrees } from "./check-trees.ts";
import { findAffected } from "./find-affected.ts";
import { findDependants } from "./find-dependants.ts";
import { repairStore } from "./repair-store.ts";

type Finding = Extract<CheckEvent, { type: "finding" }>;

/** Everything that was found, each blob once. */
interface Findings {
  readonly named: Map<string, Finding>;
  readonly others: Finding[];
}

function newState(source: CheckSource, signal: AbortSignal | undefined): CheckState {
  const bad = { data: new Set<string>(), node: new Set<string>() };
  return { source, signal, bad, backups: 0, nodes: 0, data: 0, read: 0, readBytes: 0, uncompared: 0 };
}

function partsOf(state: CheckState, readData: number, repair: boolean): (() => CheckPart)[] {
  const parts = [
    () => checkProtection(state),
    () => checkHeaders(state),
    // First: whatever reads a damaged record replaces it.
    () => checkMirrors(state, readData, repair),
    () => checkLog(state),
    () => checkKeyspace(state),
    () => checkIndex(state),
  ];
  // All nodes are read anyway when all data is. Before the trees: a backend that is far away then has at hand what the walk asks for.
  if (readData < 100) parts.push(() => checkPacks(state, "node"));
  return [...parts, () => checkTrees(state), () => checkData(state, readData), () => findDependants(state)];
}

/** What a part cannot read at all is a finding, and no reason to leave out the others. */
async function* guarded(state: CheckState, part: () => CheckPart): CheckPart {
  try {
    yield* part();
  } catch (error) {
    if (!(error instanceof DatadbError) || !["DECODE", "DAMAGED"].includes(error.code)) throw error;
    const message = `${error.message}: the keyspace cannot be read; run datadb rebuild, which makes it anew`;
    yield finding(state, { what: "keyspace", message });
  }
}

async function* collect(state: CheckState, parts: readonly (() => CheckPart)[], found: Findings): CheckPart {
  for (const part of parts) {
    for await (const event of guarded(state, part)) {
      if (event.type !== "finding") yield event;
      else if (event.name === undefined) found.others.push(event);
      else {
        const id = `${event.kind}${event.name}`;
        // The part that read it says most about it.
        if (!found.named.has(id) || event.what !== "missing") found.named.set(id, event);
      }
    }
  }
}

/** Blobs that nobody refers to may be bad, too, without hurting any backup: those findings come without `affected`. */
async function withAffected(state: CheckState, found: Findings): Promise<Finding[]> {
  // Which backups there are cannot be told from a keyspace that cannot be read.
  const readable = found.others.every(({ what }) => what !== "keyspace" && what !== "index");
  const affected = readable ? await findAffected(state) : new Map<string, never>();
  const named = [...found.named.values()].map((one) => {
    const key = (one.kind ?? "") + Buffer.from(one.name ?? "", "hex").toString("latin1");
    const backups = affected.get(key);
    return backups === undefined ? one : { ...one, affected: backups };
  });
  return [...found.others, ...named];
}

/** A damaged record is absent for writers from now on, also when the check mends nothing: the next backup then puts it again. */
async function distrust({ source, bad }: CheckState): Promise<void> {
  if (!source.backend.capabilities.writable) return;
  for (const kind of ["data", "node"] as const)
    if (bad[kind].size > 0) await source.backend.distrustMany(kind, namesOf(bad[kind]));
}

/** See Database.check. Findings come at the end, when it is known whom they concern. */
export async function* checkStore(
  source: CheckSource,
  options: CheckOptions = {},
): AsyncGenerator<CheckEvent, CheckSummary> {
  const { readData = 0, repair = false, signal } = options;
  const state = newState(source, signal);
  for (const message of source.weakSpots) yield { type: "note", message };
  const found: Findings = { named: new Map(), others: [] };
  yield* collect(state, [() => checkLevels(state)], found);
  if (found.others.length === 0) yield* collect(state, partsOf(state, readData, repair), found);
  let findings = await withAffected(state, found);
  let mended = 0;
  await distrust(state);
  if (repair && findings.length > 0) {
    const result = yield* repairStore(state, findings);
    mended = findings.length - result.length;
    findings = result;
  }
  yield* findings;
  const { backups, nodes, data, read, readBytes, uncompared } = state;
  return { findings: findings.length, mended, backups, nodes, data, read, readBytes, uncompared };
}
