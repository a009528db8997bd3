/** Reads the header of a pack and compares it with the store that opens it. */
import {
  decodePackHeader,
  FormatTooNewError,
  PACK_HEADER_BYTES,
  type RecordKind,
  WrongStoreError,
} from "@datadb/protocol";
import type { Place } from "./shelf.ts";

/** Nothing is lost then, and a disk that is not mounted is not why. */
const SWAPPED =
  "packs of this store have each other's names: name them again as they were; a name begins with blobs- for data, nodes- or log-";

/**
 * `good`, `torn` when the file ends within the header, `damaged` when the header does not decode.
 * Errors: WRONG_STORE for another store's or hash's or kind's pack, FORMAT_TOO_NEW, the system's errors.
 */
export async function checkPackHeader(
  place: Place,
  kind: RecordKind,
  path: string,
): Promise<"good" | "torn" | "damaged"> {
  const bytes = Buffer.alloc(PACK_HEADER_BYTES);
  if ((await place.handles.use(path, (file) => file.read(bytes, 0))) < PACK_HEADER_BYTES) return "torn";
  let header: ReturnType<typeof decodePackHeader>;
  try {
    header = decodePackHeader(bytes);
  } catch (error) {
    if (error instanceof FormatTooNewError)
      throw new FormatTooNewError(`${path}: ${error.message}`, { cause: error });
    return "damaged";
  }
  if (!header.storeId.equals(place.storeId) || header.hash !== place.hash || header.kind !== kind) {
    const [found, expected] = [header.storeId.toString("hex"), place.storeId.toString("hex")];
    const swapped = found === expected && header.hash === place.hash;
    throw new WrongStoreError(
      `${path} is a ${header.kind} pack of store ${found} (${header.hash}), not a ${kind} pack of store ${expected} (${place.hash})`,
      { fields: { path, found, expected }, ...(swapped ? { next: SWAPPED } : {}) },
    );
  }
  // Flags change what records mean (sealed ones, for example): read without them, good bytes would look damaged.
  if (header.flags !== 0) throw new FormatTooNewError(`${path} has flags ${header.flags}`);
  return "good";
}
