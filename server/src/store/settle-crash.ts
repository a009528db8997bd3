/** What a crash left behind is put in order when a store is opened, and what was forgotten and came back when packs are read anew. */
import type { Backend } from "@datadb/backends";
import type { HashAlgorithm } from "@datadb/protocol";
import { chainDepths } from "../blobs/chain-depths.ts";
import { findIncompleteNodes } from "../blobs/incomplete-nodes.ts";
import type { NameIndex } from "../blobs/name-index.ts";
import { nodesInBackups } from "../blobs/nodes-in-backups.ts";
import type { View } from "../database.ts";
import type { Suspects } from "./suspects.ts";

/** What is looked at. */
export interface CrashScene {
  readonly backend: Backend;
  readonly index: NameIndex;
  readonly hash: HashAlgorithm;
  readonly view: View;
  warn(message: string): void;
}

/**
 * Forgets those of `suspects` that lack something, since no commit refers to what a power cut tore apart. Incomplete nodes
 * of listed backups are damage of another kind and stay: the rest of what they hold can still be restored. Resolves
 * with whether there are such.
 */
export async function settleCrash(scene: CrashScene, suspects: Suspects): Promise<boolean> {
  const { backend, hash } = scene;
  // Where nothing can be put, nobody takes a node's presence for its completeness.
  if (!backend.capabilities.writable) return false;
  const damaged = suspects.everything
    ? await settleRescan(scene)
    : await forget(scene, await findIncompleteNodes(backend, hash, suspects.names()));
  await suspects.clear();
  return damaged;
}

/**
 * The same for every node, and for every difference whose base is gone, after the index was made from the packs alone: these still hold
 * what was forgotten earlier, and whoever took a node's presence for its completeness would make a broken backup.
 */
export async function settleRescan(scene: CrashScene): Promise<boolean> {
  const { backend, index, hash } = scene;
  for (const kind of ["data", "node"] as const) {
    for await (const page of index.records(kind)) {
      const deltas = page.filter(({ encoding }) => encoding === "zstd-delta").map(({ name }) => name);
      const depths = await chainDepths(backend, kind, deltas);
      const orphans = deltas.filter((name) => depths.get(name.toString("latin1")) === null);
      if (orphans.length > 0) await backend.removeMany(kind, orphans);
    }
  }
  const incomplete: Buffer[] = [];
  const gone = new Set<string>();
  // In the order of the packs, where what a node refers to mostly comes before it: not where packs were rewritten, so again until
  // nothing is found any more.
  for (let found = -1; found !== incomplete.length; ) {
    found = incomplete.length;
    for await (const { records } of backend.list("node")) {
      const names = records.map(({ name }) => name).filter((name) => !gone.has(name.toString("latin1")));
      incomplete.push(...(await findIncompleteNodes(backend, hash, names, gone)));
    }
  }
  return forget(scene, incomplete);
}

async function forget(scene: CrashScene, incomplete: readonly Buffer[]): Promise<boolean> {
  if (incomplete.length === 0) return false;
  const needed = new Set(await nodesInBackups(incomplete, scene));
  const dropped = incomplete.filter((name) => !needed.has(name));
  if (dropped.length > 0) {
    await scene.backend.removeMany("node", dropped);
    scene.warn(
      dropped.length === 1
        ? "one node that lacks a part of its content was forgotten; the next backup puts it again"
        : `${dropped.length} nodes that lack a part of their content were forgotten; the next backup puts them again`,
    );
  }
  return needed.size > 0;
}
