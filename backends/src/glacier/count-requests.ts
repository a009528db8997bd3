/** A vault's client that counts what goes to the vault and comes from it. */
import type { VaultClient } from "./vault-client.ts";

/** The same client; `counters` are running totals as Backend.counters has them: bytes of whole archives, and of what jobs had. */
export interface CountedClient extends VaultClient {
  counters(): Record<string, number>;
}

/** Counts what succeeds. Inventories are outputs, too. */
export function countRequests(client: VaultClient): CountedClient {
  const counts = { archives: 0, deleted: 0, retrievals: 0, outputs: 0, sent: 0, received: 0 };
  return {
    ...client,
    async upload(description, body) {
      const id = await client.upload(description, body);
      counts.archives += 1;
      counts.sent += body.length;
      return id;
    },
    async remove(archive) {
      await client.remove(archive);
      counts.deleted += 1;
    },
    async retrieve(archive, range, tier) {
      const id = await client.retrieve(archive, range, tier);
      counts.retrievals += 1;
      return id;
    },
    async output(job) {
      const bytes = await client.output(job);
      if (bytes === null) return null;
      counts.outputs += 1;
      counts.received += bytes.length;
      return bytes;
    },
    counters: () => ({
      archives: counts.archives,
      "archives-deleted": counts.deleted,
      retrievals: counts.retrievals,
      outputs: counts.outputs,
      "bytes-sent": counts.sent,
      "bytes-received": counts.received,
    }),
  };
}
