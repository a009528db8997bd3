/** A pack whose header is damaged gets a new one: all that it says is known, but when the pack was made. */
import { encodePackHeader, PACK_HEADER_BYTES, WrongStoreError } from "@datadb/protocol";
import { checkPackHeader } from "./pack-header-check.ts";
import { packPath } from "./pack-lifecycle.ts";
import { packName } from "./pack-name.ts";
import type { Shelf } from "./shelf.ts";
import { writeAside } from "./write-aside.ts";

/** Also a header of another store: whoever looks here has opened the pack as one of this store. Errors: FORMAT_TOO_NEW, the system's. */
export async function hasDamagedHeader(shelf: Shelf, number: number): Promise<boolean> {
  try {
    return (await checkPackHeader(shelf.place, shelf.kind, packPath(shelf, number))) === "damaged";
  } catch (error) {
    if (error instanceof WrongStoreError) return true;
    throw error;
  }
}

/** Writes a new header in the place of a damaged one, durably; the damaged bytes are kept aside. */
export async function mendHeader(shelf: Shelf, number: number): Promise<void> {
  const { place, kind } = shelf;
  if (place.readOnly || !(await hasDamagedHeader(shelf, number))) return;
  const path = packPath(shelf, number);
  const damaged = Buffer.alloc(PACK_HEADER_BYTES);
  await place.handles.use(path, (file) => file.read(damaged, 0));
  await writeAside(shelf, `${packName(kind, number)}-0-header`, damaged);
  const { storeId, hash } = place;
  const header = encodePackHeader({ kind, hash, storeId, created: Date.now(), flags: 0, epoch: 0 });
  const file = await place.fs.open(path, "write");
  try {
    await file.write([header], 0);
    await file.sync();
  } finally {
    await file.close();
  }
}
