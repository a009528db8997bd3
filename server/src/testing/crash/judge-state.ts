/** Opens a store as a power cut left it, and says what is wrong with it. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type DiskImage, diskOf, type Random, recordDisk } from "@datadb/backends/suite";
import { decodeMeta, readEncodedMetas } from "@datadb/protocol";
import type { Database } from "../../database.ts";
import { readString } from "../../keyspace/read-string.ts";
import { listBackups } from "../../stats/list-backups.ts";
import { backUp, type CrashRun, copyConfig, DATABASE, KEY, openOnDisk } from "./crash-run.ts";
import { fastDirectory } from "./fast-directory.ts";
import { writeLevelState } from "./level-image.ts";

/** Of so many states one is also written to, closed and opened again. */
const WRITE_EVERY = 4;

async function filesOf(database: Database, ref: Buffer): Promise<Map<string, Buffer>> {
  const fetch = async (names: readonly Buffer[]): Promise<Buffer[]> => {
    const found = await database.blobs.getContents("node", names);
    return found.map((content, at) => {
      if (content === null) throw new Error(`node ${names[at]?.toString("hex")} is gone`);
      return content;
    });
  };
  const { directory } = decodeMeta((await fetch([ref]))[0] as Buffer);
  const files = new Map<string, Buffer>();
  if (directory === undefined) return files;
  for await (const encoded of readEncodedMetas(fetch, "sha256", directory)) {
    const { name, chunk } = decodeMeta(encoded);
    const content = chunk ? await database.blobs.getContent("data", chunk) : null;
    if (content === null) throw new Error(`the content of ${name.toString()} is gone`);
    files.set(name.toString(), content);
  }
  return files;
}

async function judgeBackups(run: CrashRun, database: Database, count: number): Promise<void> {
  const listed = new Set<string>();
  for await (const { id, ref } of listBackups(database.keyspace, "sha256")) {
    listed.add(id);
    const promised = run.backups.find((one) => one.id === id);
    if (!promised || promised.begun > count) throw new Error(`backup ${id} was never committed`);
    if (promised.forgotten && promised.forgotten.done <= count) throw new Error(`backup ${id} was forgotten`);
    const files = await filesOf(database, ref as Buffer);
    if (files.size !== promised.files.size) throw new Error(`backup ${id} has ${files.size} files`);
    for (const [name, content] of promised.files)
      if (!files.get(name)?.equals(content)) throw new Error(`backup ${id}: ${name} is another`);
  }
  for (const { id, done, forgotten } of run.backups) {
    if (done <= count && (forgotten === null || forgotten.begun > count) && !listed.has(id))
      throw new Error(`backup ${id} was committed and is gone`);
  }
}

function judgeKey(run: CrashRun, database: Database, count: number): void {
  const found = readString(database.keyspace, DATABASE, KEY)?.toString() ?? null;
  const last = run.values.findLastIndex(({ done }) => done <= count);
  const possible = run.values.filter(({ begun }, at) => at >= last && begun <= count);
  if (found === null ? last >= 0 : !possible.some(({ value }) => value === found))
    throw new Error(`the key has ${found}, and ${run.values[last]?.value ?? "nothing"} was committed`);
}

async function judgeStructure(database: Database): Promise<void> {
  for await (const event of database.check())
    if (event.type === "finding") throw new Error(`check: ${event.what}: ${event.message}`);
}

/** Throws an Error that says what is wrong with the state of `run` after `count` events. `number` counts states. */
export async function judgeState(
  run: CrashRun,
  image: DiskImage,
  count: number,
  random: Random,
  number: number,
): Promise<void> {
  const directory = fastDirectory("datadb-crashed-");
  try {
    copyConfig(run, directory);
    const databases = run.databases[count];
    if (!databases) throw new TypeError(`the run has no event ${count}`);
    writeLevelState(databases.meta, join(directory, "meta"), random);
    writeLevelState(databases.local, join(directory, "local"), random);
    // The recorded disk has the paths of the run; the copy is opened in its own directory.
    const moved = new Map(
      [...image].map(([path, content]) => [path.replace(run.directory, directory), content] as const),
    );
    const disk = recordDisk(diskOf(moved, join(directory, "blobs")), moved);
    const database = await openOnDisk(directory, disk, () => {});
    try {
      judgeKey(run, database, count);
      await judgeBackups(run, database, count);
      await judgeStructure(database);
      if (number % WRITE_EVERY === 0) {
        await backUp(database, new Map([["after", random.bytes(50)]]));
        await database.commits.checkpoint();
        await judgeStructure(database);
      }
    } finally {
      await database.close();
    }
    if (number % WRITE_EVERY === 0) {
      const again = await openOnDisk(directory, disk, () => {});
      await judgeStructure(again).finally(() => again.close());
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
