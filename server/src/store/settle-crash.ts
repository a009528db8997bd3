/** What a crash left behind is put in order when a store is opened. */
import type { Backend } from "@datadb/backends";
import type { HashAlgorithm } from "@datadb/protocol";
import { findIncompleteNodes } from "../blobs/incomplete-nodes.ts";
import { nodesInBackups } from "../blobs/nodes-in-backups.ts";
import type { View } from "../database.ts";
import type { Suspects } from "./suspects.ts";

/** What is looked at. */
export interface CrashScene {
  readonly backend: Backend;
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
  const damaged = await forgetTorn(scene, suspects.names());
  await suspects.clear();
  return damaged;
}

async function forgetTorn(scene: CrashScene, names: readonly Buffer[]): Promise<boolean> {
  const { backend, hash, warn } = scene;
  const incomplete = await findIncompleteNodes(backend, hash, names);
  if (incomplete.length === 0) return false;
  const needed = new Set(await nodesInBackups(incomplete, scene));
  const dropped = incomplete.filter((name) => !needed.has(name));
  if (dropped.length > 0) {
    await backend.removeMany("node", dropped);
    warn(
      `${dropped.length} nodes whose content a crash had lost were forgotten; the next backup puts them again`,
    );
  }
  return needed.size > 0;
}
