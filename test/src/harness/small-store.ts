/** A small store with one backup, and the tree it is of: what tests of damage begin with. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openWorld, type World } from "./command.ts";
import { randomOf } from "./random.ts";
import { scratch } from "./scratch.ts";

export interface SmallStore {
  directory: string;
  world: World;
  store: string;
  /** A tree of 40 files of 1 KB and two of 2 MB. */
  source: string;
  /** The id of its backup. */
  backup: string;
}

/** `config`: the text of a configuration that is not the usual one. */
export async function makeSmallStore(label: string, config?: string): Promise<SmallStore> {
  const directory = scratch(label);
  const world = openWorld(directory);
  const [store, source] = [join(directory, "store"), join(directory, "photos")];
  const random = randomOf(label);
  mkdirSync(join(source, "small"), { recursive: true });
  for (let i = 0; i < 40; i++) writeFileSync(join(source, "small", `${i}.txt`), random.bytes(1000));
  for (const name of ["large a", "large b"]) writeFileSync(join(source, name), random.bytes(2_000_000));
  if (config !== undefined) {
    const file = join(directory, "config.yaml");
    writeFileSync(file, config);
    await world.summary(["init", "--config", file, "--store", store]);
  }
  const summary = await world.summary(["snapshot", "--store", store, source]);
  return { directory, world, store, source, backup: summary["backup"] };
}
