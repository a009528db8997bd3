/** withPlaces of the blobsfile backend. */
import { type RecordPlace, recordSize } from "@datadb/protocol";
import { findValues } from "./has-many.ts";
import { isAbsent } from "./known-many.ts";
import { decodeLocation, type Location } from "./location.ts";
import { endOfPack, packPath } from "./pack-lifecycle.ts";
import type { Shelf } from "./shelf.ts";

/** See Backend.withPlaces. */
export async function withPlaces<T>(
  shelf: Shelf,
  names: readonly Buffer[],
  use: (places: readonly (RecordPlace | null)[]) => Promise<T>,
): Promise<T> {
  const locations = findValues(shelf, names).map((value) => readableLocation(shelf, value));
  const packs = new Set(locations.flatMap((location) => (location === null ? [] : [location.pack])));
  return await withPacks(shelf, [...packs], new Map(), (fds) =>
    use(locations.map((location) => placeOf(shelf, location, fds))),
  );
}

function readableLocation(shelf: Shelf, value: Buffer | undefined): Location | null {
  if (value === undefined || isAbsent(shelf, value)) return null;
  const location = decodeLocation(value);
  return location.base === null ? location : null;
}

function placeOf(
  shelf: Shelf,
  location: Location | null,
  fds: ReadonlyMap<number, number>,
): RecordPlace | null {
  const fd = location === null ? undefined : fds.get(location.pack);
  if (location === null || fd === undefined) return null;
  const { counts, nameLength } = shelf.place;
  const { offset, pack } = location;
  const size = recordSize(location, nameLength);
  // It was moved since it was looked up.
  if (offset + size > endOfPack(shelf, pack)) return null;
  counts.downloaded += 1;
  counts.downloadedBytes += location.payloadLength;
  return { fd, offset, size };
}

/** Holds packs open, one within the other. One that cannot be opened has no descriptor. */
async function withPacks<T>(
  shelf: Shelf,
  [pack, ...others]: readonly number[],
  fds: Map<number, number>,
  use: (fds: ReadonlyMap<number, number>) => Promise<T>,
): Promise<T> {
  if (pack === undefined) return await use(fds);
  let opened = false;
  try {
    return await shelf.place.handles.use(packPath(shelf, pack), async ({ fd }) => {
      opened = true;
      if (fd !== undefined) fds.set(pack, fd);
      return await withPacks(shelf, others, fds, use);
    });
  } catch (error) {
    if (opened) throw error;
    return await withPacks(shelf, others, fds, use);
  }
}
