/**
 * Data in the archives of an Amazon Glacier vault; nodes, the log and what is not archived yet in a warm backend:
 * `glacier: { vault: acme, region: eu-west-1, warm: { blobsfile: { path: blobs } } }`.
 */
import { ColdDataError, hashLength } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendOptions } from "../backend-options.ts";
import type { ColdStorage } from "../cold-storage.ts";
import type { OpenContext } from "../open-backend.ts";
import { noTraffic, trafficCounters } from "../traffic.ts";
import { archiveStaged } from "./archive-staged.ts";
import { openCatalogue } from "./catalogue.ts";
import { collectArchives } from "./collect-archives.ts";
import { countRequests } from "./count-requests.ts";
import { type GlacierOptions, glacierOptions } from "./glacier-options.ts";
import { syncCatalogue } from "./sync-catalogue.ts";
import { thawRecords } from "./thaw-records.ts";
import { vaultClient } from "./vault-client.ts";
import type { VaultPlace } from "./vault-place.ts";

/** Nothing is asked of the vault before something is archived or retrieved. Errors: USAGE, and those of the warm backend. */
export async function openGlacier(options: BackendOptions, context: OpenContext): Promise<Backend> {
  const given = glacierOptions(options);
  const { storeId, hash } = context;
  // First the warm one: names are looked up in the first index that is asked for.
  const warm = await context.openChild(given.warm);
  const index = context.index(indexPath(given));
  const nameLength = hashLength(hash);
  const catalogue = openCatalogue(index, nameLength);
  await catalogue.enterNames();
  return glacierBackend({
    ...{ options: given, warm, index, storeId, hash, nameLength },
    client: countRequests(vaultClient(given, context.signal)),
    catalogue,
    traffic: noTraffic(),
    description: `glacier ${given.vault}`,
    warn: (message) => context.warn(message),
  });
}

function indexPath({ vault }: GlacierOptions): string {
  return `glacier:${encodeURIComponent(vault)}`;
}

function glacierBackend(place: VaultPlace): Backend {
  const { warm, catalogue, description, client } = place;
  /** Data was put by this process: it is archived at the end. */
  let staged = false;
  let closed = false;
  return {
    type: "glacier",
    description,
    capabilities: { ...warm.capabilities, cold: true },
    inner: [warm],
    cold: coldStorage(place),
    moreNamesIn: () => [...(warm.moreNamesIn?.() ?? []), indexPath(place.options)],
    ...(warm.namesIn === undefined ? {} : { namesIn: () => warm.namesIn!() }),
    async hasMany(kind, names, signal) {
      const there = await warm.hasMany(kind, names, signal);
      if (kind === "data") for (const [at, info] of catalogue.find(names).entries()) if (info) there[at] = 1;
      return there;
    },
    async putMany(records, signal) {
      const known = catalogue.find(records.map(({ name }) => name));
      const fresh = records.filter(({ kind }, at) => kind !== "data" || known[at] === null);
      await warm.putMany(fresh, signal);
      staged ||= fresh.some(({ kind }) => kind === "data");
    },
    replaceMany: (kind, records) => warm.replaceMany(kind, records),
    async getMany(kind, names, signal) {
      const records = await warm.getMany(kind, names, signal);
      if (kind !== "data") return records;
      const archived = catalogue.find(names);
      const at = records.findIndex((record, place) => record === null && archived[place] !== null);
      if (at >= 0) throw coldData(description, names[at]!, archived[at]!.pack);
      return records;
    },
    async statMany(kind, names, signal) {
      const infos = await warm.statMany(kind, names, signal);
      if (kind !== "data") return infos;
      const archived = catalogue.find(names);
      return infos.map((info, at) => info ?? archived[at] ?? null);
    },
    list: (kind, signal, pack) => warm.list(kind, signal, pack),
    packs: (kind) => warm.packs(kind),
    distrustMany: (kind, names) => warm.distrustMany(kind, names),
    setAside: (kind, names) => warm.setAside(kind, names),
    async removeMany(kind, names) {
      await warm.removeMany(kind, names);
      if (kind === "data") await catalogue.forget(names);
    },
    compact: async (options) => collectArchives(place, await warm.compact(options), options.signal),
    flush: (kinds) => warm.flush(kinds),
    reindex: (signal) => warm.reindex(signal),
    counters: () => ({ ...trafficCounters(place.traffic), ...client.counters() }),
    async close() {
      if (closed) return;
      closed = true;
      try {
        if (staged) await archiveStaged(place);
      } catch (error) {
        // It is durable where it is.
        place.warn(
          `${description}: what was backed up stays in ${warm.description} for now, since it could not be archived: ${(error as Error).message}`,
        );
      } finally {
        client.close();
        await warm.close();
      }
    },
  };
}

function coldData(description: string, name: Buffer, pack: string): ColdDataError {
  return new ColdDataError(`data ${name.toString("hex")} lies in the archive ${pack} of ${description}`, {
    next: "retrieve what is needed with datadb glacier restore, then run the command again",
    fields: { name: name.toString("hex"), pack },
  });
}

function coldStorage(place: VaultPlace): ColdStorage {
  const { catalogue, client, warm, description } = place;
  return {
    async status() {
      const [archives, jobs] = [await catalogue.archives(), await catalogue.jobs()];
      const inventory = catalogue.inventoryJob() === null ? 0 : 1;
      let staged = 0;
      for (const { bytes } of await warm.packs("data")) staged += bytes;
      return {
        ...{ place: description, staged, archives: archives.length, jobs: jobs.length + inventory },
        bytes: archives.reduce((sum, { bytes }) => sum + bytes, 0),
        vault: await client.facts(),
      };
    },
    archive: (options) => archiveStaged(place, options),
    sync: (tier) => syncCatalogue(place, tier),
    thaw: (names, tier, start) => thawRecords(place, names, tier, start),
  };
}
