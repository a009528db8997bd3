/** The cold storage within an encrypt backend: asked by the names under which records are stored there. */
import { ColdDataError } from "@datadb/protocol";
import { recordKeys } from "../blobsfile/location.ts";
import type { ColdStorage } from "../cold-storage.ts";
import { readFacts } from "./get-many.ts";
import { decodeEntry } from "./index-entry.ts";
import type { Vault } from "./vault.ts";

/** Null for a record that is not known and cannot be read either. */
async function baseOf(vault: Vault, name: Buffer, value: Buffer | undefined): Promise<Buffer | null> {
  if (value !== undefined) return decodeEntry(value).base;
  try {
    return (await readFacts(vault, "data", name))?.base ?? null;
  } catch (error) {
    // What lies under it is asked for when it has come.
    if (error instanceof ColdDataError) return null;
    throw error;
  }
}

/** These names and those of all bases: what is wrapped cannot see which records are made from which. */
async function withBases(vault: Vault, names: readonly Buffer[]): Promise<Buffer[]> {
  const found = new Map<string, Buffer>();
  for (let open = names; open.length > 0; ) {
    const fresh = open.filter((name) => {
      const id = name.toString("latin1");
      return !found.has(id) && found.set(id, name);
    });
    const values = vault.index.getMany(recordKeys("data", fresh));
    const bases: Buffer[] = [];
    for (const [at, name] of fresh.entries()) {
      const base = await baseOf(vault, name, values[at]);
      if (base !== null) bases.push(Buffer.from(base));
    }
    open = bases;
  }
  return [...found.values()];
}

/** `cold` within the vault, by plain names. */
export function coldSealed(vault: Vault, cold: ColdStorage, enter: () => Promise<void>): ColdStorage {
  return {
    status: () => enter().then(() => cold.status()),
    archive: (options) => enter().then(() => cold.archive(options)),
    sync: (tier) => enter().then(() => cold.sync(tier)),
    async thaw(names, tier, start) {
      await enter();
      return await cold.thaw(vault.names.all("data", await withBases(vault, names)), tier, start);
    },
  };
}
