/** The cold storage of a mirror: that of its members, for what no warm one of them has. */
import { BackendUnavailableError } from "@datadb/protocol";
import { coldIn } from "../cold-in.ts";
import type { ColdPlan, ColdStatus, ColdStorage, ColdSync } from "../cold-storage.ts";
import { type Mirror, type UpMember, upMembers } from "./mirror.ts";

interface ColdMember {
  readonly member: UpMember;
  readonly cold: ColdStorage;
}

function coldMembers(mirror: Mirror): ColdMember[] {
  return upMembers(mirror).flatMap((member) => {
    const cold = coldIn(member.backend);
    return cold === undefined ? [] : [{ member, cold }];
  });
}

/** Those that can be read from no member at once. */
async function onlyCold(mirror: Mirror, names: readonly Buffer[]): Promise<Buffer[]> {
  let open = [...names];
  for (const { backend } of upMembers(mirror)) {
    if (backend.capabilities.cold || open.length === 0) continue;
    const there = await backend.hasMany("data", open);
    open = open.filter((_, at) => there[at] === 0);
  }
  return open;
}

/** From the first cold member that has a record. */
async function thaw(
  mirror: Mirror,
  ...[names, tier, start]: Parameters<ColdStorage["thaw"]>
): Promise<ColdPlan> {
  const plan: ColdPlan = { records: 0, archives: 0, bytes: 0, waiting: 0 };
  let open = await onlyCold(mirror, names);
  for (const { member, cold } of coldMembers(mirror)) {
    const there = await member.backend.hasMany("data", open);
    const own = open.filter((_, at) => there[at] === 1);
    open = open.filter((_, at) => there[at] === 0);
    if (own.length === 0) continue;
    const part = await cold.thaw(own, tier, start);
    for (const figure of ["records", "archives", "bytes", "waiting"] as const) plan[figure] += part[figure];
  }
  return plan;
}

function sum(all: readonly ColdStatus[]): ColdStatus {
  const [first] = all;
  if (first === undefined || all.length === 1) return first!;
  const total = (of: (one: ColdStatus) => number): number => all.reduce((whole, one) => whole + of(one), 0);
  const inventories = all.flatMap(({ vault }) => vault.inventory ?? []).sort();
  return {
    place: all.map(({ place }) => place).join(", "),
    archives: total(({ archives }) => archives),
    bytes: total(({ bytes }) => bytes),
    staged: total(({ staged }) => staged),
    jobs: total(({ jobs }) => jobs),
    vault: {
      archives: total(({ vault }) => vault.archives),
      bytes: total(({ vault }) => vault.bytes),
      // The oldest one says since when all of them are known.
      inventory: inventories.length === all.length ? inventories[0]! : null,
    },
  };
}

const STATES: readonly ColdSync["state"][] = ["no-inventory", "waiting", "done"];

/** Undefined while no member that is up keeps anything cold. */
export function coldOfMembers(mirror: Mirror): ColdStorage | undefined {
  if (coldMembers(mirror).length === 0) return undefined;
  const all = (): ColdStorage[] => {
    const found = coldMembers(mirror).map(({ cold }) => cold);
    if (found.length > 0) return found;
    throw new BackendUnavailableError(`${mirror.description}: no member that keeps cold data is up`, {
      next: "see datadb mirror status",
    });
  };
  return {
    status: async () => sum(await Promise.all(all().map((cold) => cold.status()))),
    async archive(options) {
      const done = { archives: 0, bytes: 0 };
      for (const cold of all()) {
        const { archives, bytes } = await cold.archive(options);
        done.archives += archives;
        done.bytes += bytes;
      }
      return done;
    },
    async sync(tier) {
      const done: ColdSync = { state: "done", archives: 0, missing: 0 };
      for (const cold of all()) {
        const { state, archives, missing } = await cold.sync(tier);
        if (STATES.indexOf(state) < STATES.indexOf(done.state)) done.state = state;
        done.archives += archives;
        done.missing += missing;
      }
      return done;
    },
    thaw: (...given) => thaw(mirror, ...given),
  };
}
