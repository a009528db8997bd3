/** Deletes archives in which no record is needed any more; those that are needed in part stay as they are. */
import { BackendUnavailableError } from "@datadb/protocol";
import type { CompactSummary } from "../backend.ts";
import type { ArchiveFacts } from "./catalogue.ts";
import type { VaultPlace } from "./vault-place.ts";

const DAY_MS = 86_400_000;

/** When an archive was uploaded, in milliseconds since 1970, as its pack's name has it. */
function uploadedAt(pack: string): number {
  return Number.parseInt(pack.split("-")[1] ?? "", 36);
}

/** Noted durably before, so that an inventory that is older does not bring it back; repeated harmlessly after a kill. */
async function deleteArchive({ catalogue, client }: VaultPlace, { pack, id }: ArchiveFacts): Promise<void> {
  await catalogue.noteDeleted(pack);
  await client.remove(id);
  await catalogue.dropArchive(pack);
}

/**
 * Adds to `summary` what it did. An archive younger than `minimumDays` is kept: its deletion would be billed as if it had stayed. When the
 * vault cannot be reached, the next collection deletes what is left.
 */
export async function collectArchives(
  place: VaultPlace,
  summary: CompactSummary,
  signal: AbortSignal | undefined,
): Promise<CompactSummary> {
  const { catalogue, options, description } = place;
  const touched = (await catalogue.archives()).filter(({ dead = 0 }) => dead > 0);
  if (touched.length === 0) return summary;
  const used = await catalogue.usedPacks();
  const oldest = Date.now() - options.minimumDays * DAY_MS;
  const done = { ...summary };
  let reachable = true;
  for (const archive of touched) {
    signal?.throwIfAborted();
    const due = !used.has(archive.pack) && uploadedAt(archive.pack) <= oldest;
    if (due && reachable) {
      try {
        await deleteArchive(place, archive);
        done.packs += 1;
        done.returned += archive.bytes;
        continue;
      } catch (error) {
        if (!(error instanceof BackendUnavailableError)) throw error;
        reachable = false;
        place.warn(`${description}: archives that nothing needs stay for now: ${error.message}`);
      }
    }
    done.unused += archive.dead ?? 0;
  }
  return done;
}
