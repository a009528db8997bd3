/** Data packs in a cold storage class: which of them are needed, and their restore by the service. */
import { findValues } from "../blobsfile/has-many.ts";
import { decodeLocation } from "../blobsfile/location.ts";
import type { ColdPlan, ColdStatus, ColdStorage, Tier } from "../cold-storage.ts";
import { ObjectMissing } from "./service-error.ts";
import { keyOf, type Pack, type Shelf } from "./shelf.ts";

/** How a cold pack is: it can be read, will be soon, or has to be asked for. */
type ThawState = "ready" | "waiting" | "cold";

/** Records by pack: of these names, and of the bases that they are made from. */
function packsOf(shelf: Shelf, names: readonly Buffer[]): Map<Pack, number> {
  const seen = new Set<string>();
  const packs = new Map<Pack, number>();
  for (let open = [...names]; open.length > 0; ) {
    const fresh = open.filter((name) => !seen.has(name.toString("latin1")));
    for (const name of fresh) seen.add(name.toString("latin1"));
    open = [];
    for (const value of findValues(shelf, fresh)) {
      if (value === undefined) continue;
      const { pack: number, base } = decodeLocation(value);
      const pack = shelf.packs.get(number);
      // What is not in the bucket yet is in memory.
      if (pack !== undefined) packs.set(pack, (packs.get(pack) ?? 0) + 1);
      if (base !== null) open.push(Buffer.from(base));
    }
  }
  return packs;
}

/** Asks the service. A pack that is missing counts as ready: whoever reads it is told. */
async function stateOf({ place }: Shelf, { name }: Pack): Promise<ThawState> {
  const { connection } = place;
  const Key = keyOf(place, name);
  try {
    const head = await connection.request("look at", Key, (client, sdk) =>
      client.send(new sdk.HeadObjectCommand({ Bucket: connection.options.bucket, Key })),
    );
    if (head.StorageClass !== "GLACIER" && head.StorageClass !== "DEEP_ARCHIVE") return "ready";
    if (head.Restore === undefined) return "cold";
    return head.Restore.includes('ongoing-request="true"') ? "waiting" : "ready";
  } catch (error) {
    if (error instanceof ObjectMissing) return "ready";
    throw error;
  }
}

async function askFor({ place }: Shelf, { name }: Pack, tier: Tier): Promise<void> {
  const { connection } = place;
  const { bucket, restoreDays } = connection.options;
  const Key = keyOf(place, name);
  await connection.request("restore", Key, async (client, sdk) => {
    const RestoreRequest = { Days: restoreDays, GlacierJobParameters: { Tier: tier } };
    await client
      .send(new sdk.RestoreObjectCommand({ Bucket: bucket, Key, RestoreRequest }))
      .catch((error: unknown) => {
        // Somebody asked for it a moment ago, perhaps an attempt of ours whose answer was lost.
        if ((error as { name?: string }).name !== "RestoreAlreadyInProgress") throw error;
      });
  });
}

/** See ColdStorage.thaw. The service restores whole packs. */
async function thaw(shelf: Shelf, names: readonly Buffer[], tier: Tier, start: boolean): Promise<ColdPlan> {
  const plan: ColdPlan = { records: 0, archives: 0, bytes: 0, waiting: 0 };
  const look = async ([pack, records]: [Pack, number]): Promise<void> => {
    // Copies on the local disk are read first.
    if ((await shelf.place.cache.read(pack.name, 0, 1)) !== null) return;
    const state = await shelf.place.connection.download(() => stateOf(shelf, pack));
    if (state === "ready") return;
    plan.records += records;
    plan.archives += 1;
    plan.bytes += pack.size;
    if (state === "waiting") plan.waiting += 1;
    else if (start) {
      await shelf.place.connection.download(() => askFor(shelf, pack, tier));
      plan.waiting += 1;
    }
  };
  await Promise.all([...packsOf(shelf, names)].map(look));
  return plan;
}

async function statusOf({ place, packs }: Shelf): Promise<ColdStatus> {
  const bytes = [...packs.values()].reduce((sum, { size }) => sum + size, 0);
  const archives = packs.size;
  return {
    place: place.description,
    archives,
    bytes,
    staged: 0,
    jobs: 0,
    vault: { archives, bytes, inventory: null },
  };
}

/** For a backend whose data packs are cold. Packs are cold from the beginning, and the bucket itself is their catalogue. */
export function coldStorage(shelf: Shelf, enter: (signal?: AbortSignal) => Promise<void>): ColdStorage {
  return {
    status: () => enter().then(() => statusOf(shelf)),
    archive: async (options) => enter(options?.signal).then(() => ({ archives: 0, bytes: 0 })),
    sync: async () => enter().then(() => ({ state: "done", archives: shelf.packs.size, missing: 0 })),
    thaw: (names, tier, start) => enter().then(() => thaw(shelf, names, tier, start)),
  };
}
