/** What happens to a pack whose sync failed. */
import { enqueueJob } from "./append-queue.ts";
import { forgetEntry, nameOfEntry } from "./indexed-shelf.ts";
import { closeFile, cutPack } from "./pack-lifecycle.ts";
import type { OpenPack, Shelf } from "./shelf.ts";

async function cutOff(shelf: Shelf, pack: OpenPack): Promise<void> {
  if (pack.indexed > 0) return cutPack(shelf.place, pack.path, pack.indexed);
  // Not even its header is known to be durable.
  shelf.packs.delete(pack.number);
  await shelf.place.fs.unlink(pack.path);
}

/**
 * Gives up what a failed sync left uncertain in a pack: its records beyond `indexed` are forgotten at once, then cut off. A second
 * sync on the same descriptor could report success for pages that the kernel has already dropped.
 */
export function abandonPack(shelf: Shelf, pack: OpenPack, failure: Error): Promise<void> {
  pack.failure = failure;
  shelf.abandoned += 1;
  shelf.accepted = shelf.accepted.filter((entry) => entry.pack !== pack);
  // The index still points to where these were before.
  for (const entry of shelf.moving.values()) {
    if (entry.pack !== pack) continue;
    forgetEntry(shelf, entry);
    shelf.place.counts.lost += 1;
  }
  for (const entry of shelf.pending.values()) {
    if (entry.pack !== pack) continue;
    shelf.pending.delete(nameOfEntry(entry));
    shelf.place.counts.lost += 1;
  }
  shelf.dirty.delete(pack);
  if (shelf.current === pack) shelf.current = null;
  return enqueueJob(shelf, async () => {
    await closeFile(shelf.place, pack);
    await cutOff(shelf, pack).catch((error: unknown) => {
      shelf.place.warn(
        `${pack.path}: records that could not be made durable remain at its end (${String(error)})`,
      );
    });
  });
}
