/** A listing that goes on where it failed. */
import type { RecordKind } from "@datadb/protocol";
import type { Backend, PackListing } from "../backend.ts";
import type { Repeat } from "./open-retry.ts";

/** How far a listing has come. */
interface Progress {
  /** Packs that were listed to their end. */
  readonly done: Set<string>;
  /** The pack that is being listed, and its last record or damage that was told. */
  pack: string | null;
  last: number;
}

/** Without what was told before the failure. */
function rest(listing: PackListing, { pack, last }: Progress): PackListing | null {
  if (listing.pack !== pack) return listing;
  const records = listing.records.filter(({ offset }) => offset > last);
  const damaged = listing.damaged.filter(({ from }) => from > last);
  return records.length + damaged.length === 0 && listing.torn === undefined
    ? null
    : { ...listing, records, damaged };
}

function note(progress: Progress, { pack, records, damaged }: PackListing): void {
  if (progress.pack !== null && progress.pack !== pack) progress.done.add(progress.pack);
  if (progress.pack !== pack) progress.last = -1;
  progress.pack = pack;
  progress.last = Math.max(progress.last, records.at(-1)?.offset ?? -1, damaged.at(-1)?.from ?? -1);
}

/** What is left to be listed: everything at first, then pack by pack. */
async function* left(
  inner: Backend,
  kind: RecordKind,
  signal: AbortSignal | undefined,
  only: string | undefined,
  { done, pack: begun }: Progress,
): AsyncGenerator<PackListing> {
  if (begun === null || only !== undefined) {
    yield* inner.list(kind, signal, only);
    return;
  }
  for (const { pack } of await inner.packs(kind)) if (!done.has(pack)) yield* inner.list(kind, signal, pack);
}

/** See Backend.list: no record is listed twice, however often it has to begin again. */
export async function* listAgain(
  inner: Backend,
  again: Repeat,
  kind: RecordKind,
  signal?: AbortSignal,
  only?: string,
): AsyncGenerator<PackListing> {
  const progress: Progress = { done: new Set(), pack: null, last: -1 };
  let running: AsyncGenerator<PackListing> | null = null;
  try {
    for (;;) {
      const next = await again(async () => {
        running ??= left(inner, kind, signal, only, progress);
        try {
          return await running.next();
        } catch (error) {
          running = null;
          throw error;
        }
      }, signal);
      if (next.done === true) return;
      const listing = rest(next.value, progress);
      if (listing === null) continue;
      note(progress, listing);
      yield listing;
    }
  } finally {
    // The consumer may have left in the middle.
    await (running as AsyncGenerator<PackListing> | null)?.return(undefined);
  }
}
