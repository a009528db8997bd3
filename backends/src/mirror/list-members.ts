/** Listing: everything that any member has, each record once. */
import type { RecordKind } from "@datadb/protocol";
import type { PackFacts, PackListing } from "../backend.ts";
import { type Mirror, requireUp, type UpMember } from "./mirror.ts";
import { packIn } from "./read-members.ts";

function renamed(member: UpMember, listing: PackListing): PackListing {
  const pack = packIn(member, listing.pack);
  return { ...listing, pack, records: listing.records.map((record) => ({ ...record, pack })) };
}

/** The member's own pack that a pack of the mirror is; undefined when it is another member's. */
function ownPack({ position }: UpMember, pack: string): string | undefined {
  const prefix = `${position}:`;
  return pack.startsWith(prefix) ? pack.slice(prefix.length) : undefined;
}

async function* listMember(
  member: UpMember,
  kind: RecordKind,
  signal?: AbortSignal,
  pack?: string,
): AsyncGenerator<PackListing> {
  for await (const listing of member.backend.list(kind, signal, pack)) yield renamed(member, listing);
}

/** What an earlier member has was listed before. */
async function withoutKnown(
  listing: PackListing,
  earlier: readonly UpMember[],
  signal?: AbortSignal,
): Promise<PackListing | null> {
  let { records } = listing;
  for (const { backend } of earlier) {
    const there = await backend.hasMany(
      listing.kind,
      records.map(({ name }) => name),
      signal,
    );
    records = records.filter((_, at) => there[at] === 0);
  }
  const { damaged, torn } = listing;
  return records.length + damaged.length === 0 && torn === undefined ? null : { ...listing, records };
}

/**
 * See Backend.list. One member from end to end, then what others have beside it. A record that was put again after damage is where it was
 * put: who needs log records in order looks at their sequence numbers.
 */
export async function* list(
  mirror: Mirror,
  kind: RecordKind,
  signal?: AbortSignal,
  pack?: string,
): AsyncGenerator<PackListing> {
  const ups = requireUp(mirror, signal);
  if (pack !== undefined) {
    for (const member of ups) {
      const own = ownPack(member, pack);
      if (own !== undefined) yield* listMember(member, kind, signal, own);
    }
  } else {
    for (const [at, member] of ups.entries()) {
      for await (const listing of listMember(member, kind, signal)) {
        const rest = at === 0 ? listing : await withoutKnown(listing, ups.slice(0, at), signal);
        if (rest !== null) yield rest;
      }
    }
  }
}

/** See Backend.packs: those of the member that is read first. The others are compared with it, see MirrorCare. */
export async function packs(mirror: Mirror, kind: RecordKind): Promise<PackFacts[]> {
  const member = requireUp(mirror)[0]!;
  return (await member.backend.packs(kind)).map((facts) => ({ ...facts, pack: packIn(member, facts.pack) }));
}
