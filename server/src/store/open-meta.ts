/** Opens meta/; what is damaged there is made anew, since the log has it all. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Backend } from "@datadb/backends";
import { DamagedError } from "@datadb/protocol";
import { sumOfCounter } from "../blobs/sum-of-counter.ts";
import { guardLevel, type Level, mayHaveHole, openLevel } from "../keyspace/open-level.ts";
import { verifyLevel } from "../level-files/verify-level.ts";

/** Keys that are written again and again meet in LevelDB's buffer: the larger it is, the less of them is ever sorted and compacted. */
const META_BUFFER_BYTES: number = 32 * 1024 * 1024;

interface MetaOptions {
  readonly directory: string;
  readonly backend: Backend;
  /** Of local/: see there. */
  readonly rebooted: boolean;
  /** All its tables are verified before LevelDB sees them; else only when they are small. */
  readonly verify: boolean;
  warn(message: string): void;
}

async function openOnce(location: string, { verify }: MetaOptions): Promise<Level> {
  const damage = await verifyLevel(location, { tables: verify });
  if (damage !== null) throw damage;
  return openLevel(location, { writeBufferBytes: META_BUFFER_BYTES });
}

/** Making it anew could go back to before what is known to be committed: that is for somebody to decide. */
function besidesLostPacks(error: DamagedError): DamagedError {
  return new DamagedError(
    `${error.message}; packs are missing, too, so the log may not have all that was in it`,
    {
      cause: error,
      next: "restore the missing packs from a copy, then run the command again; datadb rebuild goes back to what is left of the log",
      fields: error.fields,
    },
  );
}

/**
 * Empty where it was damaged, or where a power cut may have torn a hole into it: the log then makes it anew. The store's lock is held. Errors:
 * DAMAGED when packs are lost besides, so that the log may not have it all; DISK_FULL, BACKEND_UNAVAILABLE.
 */
export async function openMeta(options: MetaOptions): Promise<Level> {
  const location = join(options.directory, "meta");
  const holed = await mayHaveHole(location);
  let meta: Level;
  try {
    meta = await openOnce(location, options);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    if (sumOfCounter(options.backend, "packs-lost") > 0) throw besidesLostPacks(error);
    options.warn(`${error.message}; meta/ is made anew from the log`);
    await rm(location, { recursive: true, force: true });
    return openLevel(location, { writeBufferBytes: META_BUFFER_BYTES });
  }
  if (holed && options.rebooted) await guardLevel(meta, meta.clear());
  return meta;
}
