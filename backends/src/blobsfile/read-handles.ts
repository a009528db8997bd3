/** A bounded set of descriptors open for reading; the one unused for longest is closed first. */
import type { FileHandle, FileSystem } from "../file-system.ts";

/** Far below the usual limit of 1,024 descriptors, and enough for a restore that wanders over many packs. */
const MAX_READ_HANDLES = 64;

/** Shared by all readers of one backend. */
export interface ReadHandles {
  /** Runs `read` with an open handle of the file, which stays open at least until it settles. */
  use<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T>;
  /** Closes the file as soon as nobody reads it: it was deleted, and its space is free only then. */
  forget(path: string): Promise<void>;
  /** The same, and resolves when nobody reads it any more who began before. */
  drain(path: string): Promise<void>;
  /** Descriptors open now. */
  count(): number;
  /** Closes all; only when nothing is being read. */
  close(): Promise<void>;
}

interface Slot {
  file: Promise<FileHandle>;
  users: number;
  /** Called when nobody reads any more; null while nobody waits for it. */
  drained: (() => void) | null;
}

/** An empty set over `fs`. More than `limit` are open only while more than `limit` files are being read at once. */
export function createReadHandles(fs: FileSystem, limit: number = MAX_READ_HANDLES): ReadHandles {
  // A Map keeps insertion order: the first slot is the one used least recently.
  const slots = new Map<string, Slot>();
  const closeSlot = async (path: string, slot: Slot): Promise<void> => {
    if (slots.get(path) === slot) slots.delete(path);
    const file = await slot.file.catch(() => null);
    // Nothing was written through it: a failing close loses nothing.
    await file?.close().catch(() => {});
  };
  const trim = async (): Promise<void> => {
    for (const [path, slot] of slots) {
      if (slots.size <= limit) return;
      if (slot.users === 0) await closeSlot(path, slot);
    }
  };
  const take = (path: string): Slot => {
    const slot = slots.get(path) ?? { file: fs.open(path, "read"), users: 0, drained: null };
    slot.users += 1;
    slots.delete(path);
    slots.set(path, slot);
    return slot;
  };
  const forget = async (path: string): Promise<void> => {
    const slot = slots.get(path);
    if (slot?.users === 0) await closeSlot(path, slot);
    slots.delete(path);
  };
  return {
    async use(path, read) {
      const slot = take(path);
      try {
        const file = await slot.file.catch((error: unknown) => {
          // The next reader tries again: the disk may be back by then.
          if (slots.get(path) === slot) slots.delete(path);
          throw error;
        });
        return await read(file);
      } finally {
        slot.users -= 1;
        if (slot.users === 0) slot.drained?.();
        if (slot.users === 0 && slots.get(path) !== slot) await closeSlot(path, slot);
        else await trim();
      }
    },
    forget,
    async drain(path) {
      const slot = slots.get(path);
      const reading = slot !== undefined && slot.users > 0;
      const over = reading && new Promise<void>((resolve) => (slot.drained = resolve));
      await forget(path);
      await over;
    },
    count: () => slots.size,
    async close() {
      await Promise.all([...slots].map(([path, slot]) => closeSlot(path, slot)));
    },
  };
}
