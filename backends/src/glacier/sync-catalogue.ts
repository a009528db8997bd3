/** Compares the catalogue with the vault's inventory, and reads the tables of archives that it lacks: a step at a time. */
import { DamagedError, decodePackTable } from "@datadb/protocol";
import type { ColdSync, Tier } from "../cold-storage.ts";
import { abandonedPacks, archiveStaged, forgetAbandoned } from "./archive-staged.ts";
import type { InventoryArchive } from "./vault-client.ts";
import { MIB, readDescription, type VaultPlace } from "./vault-place.ts";

/** Jobs for tables have it in their pack's name, so that they are told from those for records. */
const TABLE = "table of ";

interface Inventory {
  ArchiveList: { ArchiveId: string; ArchiveDescription: string; Size: number }[];
}

export async function syncCatalogue(place: VaultPlace, tier: Tier): Promise<ColdSync> {
  const { client, catalogue } = place;
  const state = async (name: ColdSync["state"], missing = 0): Promise<ColdSync> => ({
    state: name,
    archives: (await catalogue.archives()).length,
    missing,
  });
  await archiveStaged(place);
  let job = catalogue.inventoryJob();
  const found = job === null ? null : await client.jobState(job);
  if (found === null || found === "failed") {
    job = await client.takeInventory();
    await catalogue.setInventoryJob(job);
    return await state(job === null ? "no-inventory" : "waiting");
  }
  const output = found === "done" ? await client.output(job!) : null;
  if (output === null) return await state("waiting");
  const inventory = readInventory(output);
  await removeAbandoned(place, inventory);
  await removeDeleted(place, inventory);
  if (!(await readTables(place, inventory, tier))) return await state("waiting");
  await catalogue.setInventoryJob(null);
  const there = new Set(inventory.map(({ id }) => id));
  const missing = (await catalogue.archives()).filter(({ id }) => !there.has(id)).length;
  return await state("done", missing);
}

function readInventory(bytes: Buffer): InventoryArchive[] {
  const { ArchiveList } = JSON.parse(bytes.toString()) as Inventory;
  return ArchiveList.map(({ ArchiveId: id, ArchiveDescription: description, Size: size }) => ({
    id,
    description,
    size,
  }));
}

/** What an upload left whose end nobody saw: its records were uploaded again. */
async function removeAbandoned(place: VaultPlace, inventory: readonly InventoryArchive[]): Promise<void> {
  for (const pack of await abandonedPacks(place)) {
    for (const { id, description } of inventory)
      if (readDescription(description, place.storeId)?.pack === pack) await place.client.remove(id);
    await forgetAbandoned(place, pack);
  }
}

/** What a deletion left that was cut short; and inventories are older than deletions. */
async function removeDeleted(place: VaultPlace, inventory: readonly InventoryArchive[]): Promise<void> {
  for (const pack of await place.catalogue.deletedPacks()) {
    const left = inventory.filter(
      ({ description }) => readDescription(description, place.storeId)?.pack === pack,
    );
    for (const { id } of left) await place.client.remove(id);
    if (left.length === 0) await place.catalogue.forgetDeleted(pack);
  }
}

/** Whether all archives of this store are in the catalogue now. */
async function readTables(
  place: VaultPlace,
  inventory: readonly InventoryArchive[],
  tier: Tier,
): Promise<boolean> {
  const { catalogue, client, storeId } = place;
  const deleted = new Set(await catalogue.deletedPacks());
  const jobs = new Map((await catalogue.jobs()).map((job) => [job.pack, job]));
  let complete = true;
  for (const { id, description, size } of inventory) {
    const about = readDescription(description, storeId);
    if (about === null || deleted.has(about.pack) || catalogue.archive(about.pack) !== null) continue;
    const job = jobs.get(TABLE + about.pack);
    const state = job === undefined ? null : await client.jobState(job.id);
    if (state === "done" && (await takeTable(place, job!.id, { ...about, id, bytes: size }))) {
      await catalogue.dropJob(job!.id);
      continue;
    }
    if (state === "waiting") {
      complete = false;
      continue;
    }
    if (job !== undefined) await catalogue.dropJob(job.id);
    const range = { from: Math.floor((size - about.tableBytes) / MIB) * MIB, to: size };
    const started = await client.retrieve(id, range, tier).catch((error: unknown) => {
      // Deleted since the inventory was made, by a store that lost its notes of it.
      if (error instanceof DamagedError) return null;
      throw error;
    });
    if (started === null) continue;
    complete = false;
    await catalogue.putJob({ id: started, pack: TABLE + about.pack, range });
  }
  return complete;
}

async function takeTable(
  { client, catalogue }: VaultPlace,
  job: string,
  { pack, id, bytes }: { pack: string; id: string; bytes: number },
): Promise<boolean> {
  const tail = await client.output(job);
  if (tail === null) return false;
  await catalogue.add({ pack, id, bytes }, decodePackTable(tail).records);
  return true;
}
