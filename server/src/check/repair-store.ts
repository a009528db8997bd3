/** Mends what a store can mend by itself, and leaves what is lost in order, so that it can be put again. */
import { parseHex, RECORD_KINDS } from "@datadb/protocol";
import type { BlobKind, CheckEvent } from "../database.ts";
import type { CheckState } from "./check-source.ts";
import { verifyOne } from "./verify-one.ts";

type Finding = Extract<CheckEvent, { type: "finding" }>;

interface Lost {
  readonly finding: Finding;
  readonly kind: BlobKind;
  readonly name: Buffer;
}

function lostBlobs({ source }: CheckState, findings: readonly Finding[]): Lost[] {
  return findings.flatMap((finding) => {
    const name =
      finding.name === undefined ? undefined : parseHex(finding.name, source.hash === "sha1" ? 20 : 32);
    const { kind } = finding;
    return name === undefined || kind === undefined || kind === "log" ? [] : [{ finding, kind, name }];
  });
}

function note(message: string): CheckEvent {
  return { type: "note", message };
}

/** Damaged bytes are copied before anything else is done about them. */
async function* keepAside(state: CheckState, lost: readonly Lost[]): AsyncGenerator<CheckEvent, void> {
  for (const { kind, name, finding } of lost) {
    if (finding.what === "needs-damaged") continue;
    for (const path of await state.source.backend.setAside(kind, [name]))
      yield note(`the damaged bytes of ${kind} ${finding.name} are kept in ${path}`);
  }
}

/** Whether the blob can be read now. */
async function isWhole(state: CheckState, { kind, name }: Lost): Promise<boolean> {
  for await (const _ of verifyOne(state, kind, name)) return false;
  return true;
}

async function* mendIndex(state: CheckState, findings: readonly Finding[]): AsyncGenerator<CheckEvent, void> {
  // What the index has in a wrong place, or not at all, the packs may still have.
  const wrong = findings.some(
    ({ what, name }) => what === "log" || what === "pack-header" || (name !== undefined && what !== "node"),
  );
  if (!wrong) return;
  const { backend, settle } = state.source;
  const { records, packs } = await backend.reindex(state.signal);
  await settle();
  yield note(`the index was made anew: ${records} records in ${packs} packs`);
}

async function* mendLog(state: CheckState, findings: readonly Finding[]): AsyncGenerator<CheckEvent, void> {
  if (!findings.some(({ what }) => what === "log" || what === "checkpoint")) return;
  const sequence = await state.source.checkpoint();
  yield note(`a checkpoint at log record ${sequence} replaces what is damaged before it`);
}

/** Packs whose headers a new index has not mended. */
async function unmended(state: CheckState, findings: readonly Finding[]): Promise<Finding[]> {
  const before = findings.filter(({ what }) => what === "pack-header");
  const packs = new Set<string | undefined>();
  for (const kind of before.length > 0 ? RECORD_KINDS : [])
    for (const { pack, header } of await state.source.backend.packs(kind)) if (header) packs.add(pack);
  return before.filter(({ pack }) => packs.has(pack));
}

/**
 * Resolves with the findings that are left: blobs that nobody here has any more. They are absent now for whoever has their content,
 * and those that no backup needs are forgotten.
 */
export async function* repairStore(
  state: CheckState,
  findings: readonly Finding[],
): AsyncGenerator<CheckEvent, Finding[]> {
  const { backend } = state.source;
  const lost = lostBlobs(state, findings);
  yield* keepAside(state, lost);
  yield* mendIndex(state, findings);
  yield* mendLog(state, findings);
  // Only a rebuild can replace the databases of an open store.
  const left: Finding[] = findings.filter(({ what }) => what === "keyspace" || what === "index");
  left.push(...(await unmended(state, findings)));
  for (const one of lost) {
    if (await isWhole(state, one)) continue;
    // A new index knows again what has the wrong content.
    await backend.distrustMany(one.kind, [one.name]);
    if (one.finding.affected === undefined) await backend.removeMany(one.kind, [one.name]);
    else left.push(one.finding);
  }
  await backend.flush();
  return left;
}
