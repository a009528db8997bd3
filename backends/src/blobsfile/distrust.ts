/** Damaged records: absent for writers, and their bytes kept aside. */
import { DamagedError, recordSize } from "@datadb/protocol";
import { changeEntries } from "./change-entries.ts";
import { fileError, systemCode } from "./file-error.ts";
import { findValues } from "./has-many.ts";
import type { IndexedShelf } from "./indexed-shelf.ts";
import { decodeLocation, distrusted, isDistrusted, recordKeys } from "./location.ts";
import { packPath } from "./pack-lifecycle.ts";
import { packName } from "./pack-name.ts";
import type { Shelf } from "./shelf.ts";
import { writeAside } from "./write-aside.ts";

/** See Backend.distrustMany. */
export async function distrustMany(shelf: IndexedShelf, names: readonly Buffer[]): Promise<void> {
  // A flush that is writing the index may be pointing these to copies: what they were copied from may be gone soon.
  await shelf.flushing?.catch(() => {});
  const keys = recordKeys(shelf.kind, names);
  const puts = shelf.place.index.getMany(keys).flatMap((value, at): [Buffer, Buffer][] => {
    // What is accepted and not flushed yet has no value there, and a put that is on its way will replace this one.
    const pending = shelf.pending.has(names[at]!);
    if (value === undefined || pending || isDistrusted(value)) return [];
    const copy = shelf.moving.get(names[at]!);
    if (copy !== undefined) copy.distrusted = true;
    return [[keys[at]!, distrusted(value)]];
  });
  if (puts.length > 0) await changeEntries(shelf, names, puts, []);
}

/** After a failed read: a record that is not what was written is absent for writers from now on, and the next backup that has its content puts it again. */
export async function distrustDamaged(
  shelf: IndexedShelf,
  error: unknown,
  names: readonly Buffer[],
): Promise<void> {
  if (!(error instanceof DamagedError) || shelf.place.readOnly) return;
  const bad = names.find((name) => name.toString("hex") === error.fields["name"]);
  if (bad) await distrustMany(shelf, [bad]).catch(() => {});
}

async function readBytes(shelf: Shelf, path: string, from: number, length: number): Promise<Buffer | null> {
  const target = Buffer.alloc(length);
  try {
    const bytes = await shelf.place.handles.use(path, (file) => file.read(target, from));
    return target.subarray(0, bytes);
  } catch (error) {
    // A pack that is gone, or a sector that cannot be read, has nothing to keep.
    if (["ENOENT", "EIO"].includes(systemCode(error))) return null;
    throw fileError("read", path, error);
  }
}

async function keepAside(shelf: Shelf, name: Buffer, value: Buffer): Promise<string | null> {
  const { nameLength } = shelf.place;
  const location = decodeLocation(value);
  const size = recordSize(location, nameLength);
  const bytes = await readBytes(shelf, packPath(shelf, location.pack), location.offset, size);
  if (bytes === null || bytes.length === 0) return null;
  return writeAside(
    shelf,
    `${packName(shelf.kind, location.pack)}-${location.offset}-${name.toString("hex")}`,
    bytes,
  );
}

/** See Backend.setAside. */
export async function setAside(shelf: Shelf, names: readonly Buffer[]): Promise<string[]> {
  const kept: string[] = [];
  for (const [at, value] of findValues(shelf, names).entries()) {
    if (value === undefined) continue;
    const path = await keepAside(shelf, names[at]!, value);
    if (path !== null) kept.push(path);
  }
  return kept;
}
