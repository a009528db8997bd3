/** Listings of packs on a server: when the connection breaks, the pack under way is read again up to where it was. */
import { BackendUnavailableError, type RecordKind } from "@datadb/protocol";
import type { PackListing } from "../backend.ts";
import type { Link } from "./link.ts";
import { arrayOf, readListing } from "./record-replies.ts";

/** As Backend.list. */
export async function* listRemote(
  link: Link,
  kind: RecordKind,
  signal: AbortSignal | undefined,
  only: string | undefined,
): AsyncGenerator<PackListing> {
  const all = arrayOf((await link.call(["PACKS", kind]))[0]!)
    .filter((_, at) => at % 2 === 0)
    .map(String);
  for (const pack of only === undefined ? all : all.filter((one) => one === only)) {
    for (let after = -1, ended = false; !ended; ) {
      signal?.throwIfAborted();
      const alone = await link.alone();
      try {
        for (let reply = await alone.call(["LIST", kind, pack]); ; reply = await alone.call(["NEXT"])) {
          signal?.throwIfAborted();
          ended = reply === null;
          if (ended) break;
          const listing = readListing(reply, kind, pack, after);
          after = Math.max(after, listing.records.at(-1)?.offset ?? -1);
          yield listing;
        }
      } catch (error) {
        if (!(error instanceof BackendUnavailableError)) throw error;
        // Waits for the server, or fails.
        await link.call(["PACKS", kind]);
      } finally {
        alone.close();
      }
    }
  }
}
