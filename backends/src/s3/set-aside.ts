/** setAside of the s3 backend: copies of damaged records, where no look for packs finds them. */
import { recordSize } from "@datadb/protocol";
import { findValues } from "../blobsfile/has-many.ts";
import { decodeLocation } from "../blobsfile/location.ts";
import { getObject } from "./get-object.ts";
import { putObject } from "./put-object.ts";
import { ObjectMissing } from "./service-error.ts";
import { keyOf, packNameOf, type Shelf } from "./shelf.ts";

async function keepAside(shelf: Shelf, name: Buffer, value: Buffer): Promise<string | null> {
  const { place } = shelf;
  const { connection } = place;
  const location = decodeLocation(value);
  const pack = packNameOf(shelf, location.pack);
  if (pack === undefined) return null;
  const { offset } = location;
  const range = { from: offset, to: offset + recordSize(location, place.nameLength) };
  try {
    const { bytes } = await getObject(connection, keyOf(place, pack), range);
    const aside = keyOf(place, `aside/${pack}-${offset}-${name.toString("hex")}`);
    // Kept once before, under the same name, it holds the same bytes.
    await putObject(connection, aside, bytes, null, { conditions: false });
    return connection.place(aside);
  } catch (error) {
    if (error instanceof ObjectMissing) return null;
    throw error;
  }
}

/** See Backend.setAside. */
export async function setAside(shelf: Shelf, names: readonly Buffer[]): Promise<string[]> {
  const kept: string[] = [];
  for (const [at, value] of findValues(shelf, names).entries()) {
    const path = value === undefined ? null : await keepAside(shelf, names[at]!, value);
    if (path !== null) kept.push(path);
  }
  return kept;
}
