/** Nodes of trees, decoded and verified, fetched in batches and kept for a while. */
import type { FetchNodes, HashAlgorithm } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { fetchContents } from "./fetch-contents.ts";

export interface NodeCache {
  /** For the tree readers of protocol: throws the first node's error. */
  fetch: FetchNodes;
  /** Starts to fetch nodes that will be asked for soon; errors show when they are. */
  prefetch(names: readonly Buffer[]): void;
}

/** Keeps at most `limitBytes` of nodes; the oldest go first. */
export function nodeCache(
  connection: Connection,
  hash: HashAlgorithm,
  limitBytes: number = 32 << 20,
): NodeCache {
  const known = new Map<string, Promise<Buffer | Error>>();
  const sizes = new Map<string, number>();
  let total = 0;

  function shrink(): void {
    for (const [key, size] of sizes) {
      if (total <= limitBytes) return;
      sizes.delete(key);
      known.delete(key);
      total -= size;
    }
  }

  function request(names: readonly Buffer[]): void {
    const wanted = names.filter((name) => !known.has(name.toString("latin1")));
    if (wanted.length === 0) return;
    const batch = fetchContents(connection, hash, "node", wanted);
    wanted.forEach((name, index) => {
      const key = name.toString("latin1");
      const one = batch.then(
        (contents) => contents[index]!,
        (error: Error) => error,
      );
      known.set(key, one);
      void one.then((content) => {
        if (known.get(key) !== one) return;
        // An error is not kept: what was unreachable may be there again.
        if (content instanceof Error) return void known.delete(key);
        sizes.set(key, content.length + 100);
        total += content.length + 100;
        shrink();
      });
    });
  }

  return {
    prefetch: request,
    async fetch(names) {
      request(names);
      const contents = await Promise.all(names.map((name) => known.get(name.toString("latin1"))!));
      for (const content of contents) if (content instanceof Error) throw content;
      return contents as Buffer[];
    },
  };
}
