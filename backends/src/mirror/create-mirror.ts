/** The Backend object over the members of a mirror. */
import { RECORD_KINDS, ReadOnlyError, UsageError } from "@datadb/protocol";
import type { Backend, Capabilities, CompactOptions, CompactSummary, ReindexSummary } from "../backend.ts";
import { trafficCounters } from "../traffic.ts";
import { flush, markChanging, putMany, removeMany, replaceMany } from "./change-members.ts";
import { coldOfMembers } from "./cold-members.ts";
import { compare } from "./compare.ts";
import { distantMember } from "./distant-member.ts";
import { list, packs } from "./list-members.ts";
import { namesPath } from "./member-records.ts";
import { type Member, type Mirror, requireUp, upMembers } from "./mirror.ts";
import type { MemberStatus, MirrorCare } from "./mirror-care.ts";
import { getMany, hasMany, statMany } from "./read-members.ts";
import { distrustMany, setAside } from "./replace-damaged.ts";
import { type Tending, tendMembers } from "./tend-members.ts";

function statusOf(member: Member): MemberStatus {
  const { position, label, backend, state, since, reason, attempts, ledger } = member;
  const { records, bytes, oldest, standing } = ledger;
  const description = backend?.description ?? label;
  const comparing = state !== "up" && standing === "unknown";
  return {
    ...{ member: position, description, state, since, reason, records, bytes, oldest, comparing, attempts },
    counters: trafficCounters(member.traffic),
  };
}

/** What all members can together: readers are served by one of them, durability is that of the weakest. */
function capabilitiesOf(mirror: Mirror): Capabilities {
  const all = upMembers(mirror).map(({ backend }) => backend.capabilities);
  return {
    cold: all.every(({ cold }) => cold),
    ranged: all.every(({ ranged }) => ranged),
    durable: all.every(({ durable }) => durable),
    writable: !mirror.readOnly,
  };
}

async function compactAll(mirror: Mirror, options: CompactOptions): Promise<CompactSummary> {
  if (mirror.readOnly) throw new ReadOnlyError(`${mirror.description} is opened read-only`);
  const sum: CompactSummary = { packs: 0, returned: 0, rewritten: 0, unused: 0 };
  for (const { backend } of requireUp(mirror, options.signal)) {
    const { packs: gone, returned, rewritten, unused } = await backend.compact(options);
    sum.packs += gone;
    sum.returned += returned;
    sum.rewritten += rewritten;
    sum.unused += unused;
  }
  return sum;
}

/** Every member that is up; records are those of one of them. */
async function reindexAll(mirror: Mirror, signal?: AbortSignal): Promise<ReindexSummary> {
  const ups = requireUp(mirror, signal);
  const sum: ReindexSummary = { packs: 0, records: 0, bytes: 0, damaged: 0 };
  for (const { backend } of ups) {
    const { packs: read, records, bytes, damaged } = await backend.reindex(signal);
    sum.packs += read;
    sum.records = Math.max(sum.records, records);
    sum.bytes += bytes;
    sum.damaged += damaged;
  }
  // Each found what it has: perhaps not the same.
  if (ups.length > 1) mirror.doubts += 1;
  return sum;
}

async function refill(mirror: Mirror, tending: Tending, position: number): Promise<void> {
  const member = mirror.members.find((one) => one.position === position);
  if (member === undefined)
    throw new UsageError(`the mirror has members 1 to ${mirror.members.length}, and no ${position}`);
  if (member.state === "up" || member.backend !== null)
    throw new UsageError(`member ${position} of the mirror is open: it is filled without being told`, {
      next: "only a member that cannot be opened, because its packs are gone, is taken as empty",
    });
  for (const index of member.indexes.values()) await index.clear();
  await member.ledger.setStanding("unknown");
  tending.wake();
}

async function shut(mirror: Mirror, tending: Tending | null): Promise<void> {
  await tending?.stop();
  const ups = upMembers(mirror);
  const errors: unknown[] = [];
  // What cannot be flushed in too few members is in those.
  if (ups.length > 0) await flush(mirror, RECORD_KINDS, 1).catch((error: unknown) => errors.push(error));
  mirror.closed = true;
  for (const { backend } of mirror.members)
    await backend?.close().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
  if (mirror.readOnly || mirror.doubts > 0) return;
  for (const { ledger } of upMembers(mirror))
    if (ledger.standing !== "equal") await ledger.setStanding("equal");
}

function countersOf({ counts, traffic }: Mirror): Record<string, number> {
  return {
    ...trafficCounters(traffic),
    "records-repaired": counts.repaired,
    "records-delivered": counts.delivered,
  };
}

/** A ready mirror over members of which at least one is up. */
export function createMirror(mirror: Mirror): Backend {
  const tending = mirror.readOnly ? null : tendMembers(mirror);
  let closing: Promise<void> | null = null;
  /** What may leave members different is followed by a look at them. */
  const looking = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      if (mirror.doubts > 0 && !mirror.closed) tending?.look();
    }
  };
  const care: MirrorCare = {
    status: () => mirror.members.map(statusOf),
    wake: () => tending?.wake(),
    async refill(member) {
      if (tending === null) throw new ReadOnlyError(`${mirror.description} is opened read-only`);
      await refill(mirror, tending, member);
    },
    compare: (options) => compare(mirror, options),
  };
  return {
    type: "mirror",
    description: mirror.description,
    capabilities: capabilitiesOf(mirror),
    get inner() {
      return mirror.members.flatMap(({ backend }) => backend ?? []);
    },
    mirror: care,
    get cold() {
      return coldOfMembers(mirror);
    },
    get distant() {
      return distantMember(mirror);
    },
    namesIn() {
      for (const member of upMembers(mirror)) {
        const path = namesPath(member);
        if (path !== null) return path;
      }
      return null;
    },
    moreNamesIn: () => upMembers(mirror)[0]?.backend.moreNamesIn?.() ?? [],
    hasMany: (kind, names, signal) => hasMany(mirror, kind, names, signal),
    putMany: (records, signal) => looking(putMany(mirror, records, signal)),
    replaceMany: (kind, records) => looking(replaceMany(mirror, kind, records)),
    getMany: (kind, names, signal) => getMany(mirror, kind, names, signal),
    statMany: (kind, names, signal) => statMany(mirror, kind, names, signal),
    list: (kind, signal, pack) => list(mirror, kind, signal, pack),
    packs: (kind) => packs(mirror, kind),
    distrustMany: (kind, names) => distrustMany(mirror, kind, names),
    setAside: (kind, names) => setAside(mirror, kind, names),
    removeMany: (kind, names) => looking(removeMany(mirror, kind, names)),
    compact: (options) => compactAll(mirror, options),
    flush: (kinds) => looking(flush(mirror, kinds)),
    async reindex(signal) {
      if (!mirror.readOnly && !mirror.closed) await markChanging(mirror);
      return looking(reindexAll(mirror, signal));
    },
    counters: () => countersOf(mirror),
    async close() {
      closing ??= shut(mirror, tending);
      await closing;
    },
  };
}
