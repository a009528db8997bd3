/** Writes what a pack holds into the index. */
import { ByteWriter } from "@datadb/protocol";
import type { DamagedRange } from "../backend.ts";
import { encodeProgress, packKey, recordKeys, writeLocation } from "./location.ts";
import { packPath } from "./pack-lifecycle.ts";
import { type ScanExtent, type ScannedRecord, scanPack } from "./scan-pack.ts";
import type { Shelf } from "./shelf.ts";

/** What was found between `from` and the end of a pack. */
export interface IndexedPack {
  records: number;
  /** Bytes read. */
  bytes: number;
  damaged: DamagedRange[];
  torn: number | null;
}

function indexPuts(shelf: Shelf, pack: number, records: readonly ScannedRecord[]): [Buffer, Buffer][] {
  const names = records.map(({ name }) => name);
  const keys = recordKeys(shelf.kind, names);
  return records.map((record, index) => {
    const writer = new ByteWriter();
    writeLocation(writer, { ...record, pack });
    return [keys[index]!, writer.finish()];
  });
}

/**
 * Indexes the records of a part of a pack; `extent.to` is not beyond its end. A name that was indexed before now means the later record.
 * `onPiece` hears of names, and is awaited, before they are in the index; what it throws ends the scan. The progress is written with the records, so a scan that was cut short goes on where it stopped.
 */
export async function indexPack(
  shelf: Shelf,
  pack: number,
  extent: ScanExtent,
  onPiece: (names: readonly Buffer[]) => Promise<void> | void,
): Promise<IndexedPack> {
  const { place, kind } = shelf;
  const total: IndexedPack = { records: 0, bytes: extent.to - extent.from, damaged: [], torn: null };
  for await (const piece of scanPack(place, kind, packPath(shelf, pack), extent)) {
    await onPiece(piece.records.map(({ name }) => name));
    const puts = indexPuts(shelf, pack, piece.records);
    puts.push([packKey(kind, pack), encodeProgress(piece.end)]);
    await place.index.write(puts, []);
    total.records += piece.records.length;
    total.damaged.push(...piece.damaged);
    total.torn = piece.torn ?? null;
  }
  return total;
}
