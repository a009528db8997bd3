/** Keys of a database, whatever their type. */
import type { RangeOptions, View } from "../database.ts";
import { type KeyType, typeOfHeader } from "./header.ts";

/** The type of a key, or null when it is not there. */
export function keyType(view: View, database: Buffer, key: Buffer): KeyType | null {
  const header = view.header(database, key);
  return header === undefined ? null : typeOfHeader(header);
}

/** Keys with their types in byte order, in pages. */
export async function* scanKeys(
  view: View,
  database: Buffer,
  range: RangeOptions = {},
): AsyncGenerator<readonly (readonly [key: Buffer, type: KeyType])[]> {
  for await (const page of view.headers(database, range)) {
    yield page.map(([key, header]) => [key, typeOfHeader(header)] as const);
  }
}

/** The number of keys. Reads all of them. */
export async function countKeys(view: View, database: Buffer): Promise<number> {
  let count = 0;
  for await (const page of view.headers(database)) count += page.length;
  return count;
}
