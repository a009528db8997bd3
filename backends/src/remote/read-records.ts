/** Reading records of a server. */
import type { BlobRecord, PlainReply, RecordKind } from "@datadb/protocol";
import type { PackFacts, RecordInfo } from "../backend.ts";
import { arrayOf, readInfo, readRecord } from "./record-replies.ts";
import { NAMES_A_QUESTION, type RemoteState } from "./remote-state.ts";

/** As Backend.hasMany. */
export async function hasRecords(
  { link, waiting }: RemoteState,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for (let at = 0; at < names.length; at += NAMES_A_QUESTION) {
    const [reply] = await link.call(["HAS", kind, Buffer.concat(names.slice(at, at + NAMES_A_QUESTION))]);
    parts.push(reply as Buffer);
  }
  const there = new Uint8Array(Buffer.concat(parts));
  for (const [at, name] of names.entries()) if (waiting.isDoubtful(kind, name)) there[at] = 0;
  return there;
}

/** As Backend.getMany. */
export async function getRecords(
  { link, waiting, shown, counts }: RemoteState,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<(BlobRecord | null)[]> {
  if (names.length === 0) return [];
  const [reply] = await link.call(["GET", kind, Buffer.concat(names)]);
  return arrayOf(reply!).map((one, at) => {
    const name = names[at]!;
    if (one === null || waiting.isDoubtful(kind, name)) return null;
    const record = readRecord(one, kind, name, shown);
    counts["blobs-downloaded"] += 1;
    counts["bytes-downloaded"] += record.payload.length;
    return record;
  });
}

/** As Backend.statMany. */
export async function statRecords(
  { link, waiting }: RemoteState,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<(RecordInfo | null)[]> {
  const infos: (RecordInfo | null)[] = [];
  for (let at = 0; at < names.length; at += NAMES_A_QUESTION) {
    const some = names.slice(at, at + NAMES_A_QUESTION);
    const [reply] = await link.call(["STAT", kind, Buffer.concat(some)]);
    for (const [place, one] of arrayOf(reply!).entries()) {
      const name = some[place]!;
      infos.push(waiting.isDoubtful(kind, name) ? null : readInfo(one, kind, name));
    }
  }
  return infos;
}

/** As Backend.packs. */
export async function packsOf({ link }: RemoteState, kind: RecordKind): Promise<PackFacts[]> {
  const flat: PlainReply[] = arrayOf((await link.call(["PACKS", kind]))[0]!);
  return flat.flatMap((pack, at) =>
    at % 2 === 0 ? [{ pack: String(pack), bytes: Number(flat[at + 1]) }] : [],
  );
}
