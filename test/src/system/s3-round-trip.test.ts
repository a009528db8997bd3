// Backups in a bucket: exact, with few requests, from the bucket alone, and with clear errors where something is wrong with it.
import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { fillSource, openS3World, type S3World } from "../harness/s3-world.ts";

let s3: S3World;
let first: string;

const requests = (operation: string): number => s3.server.counts()[operation]?.requests ?? 0;

beforeAll(async () => {
  s3 = await openS3World("s3-round-trip", { packBytes: 300_000, maxRetries: 5 });
  fillSource(s3, 60);
  await s3.init();
});

describe("a store in a bucket", () => {
  test("takes a snapshot with one list, its packs of data, and one pack each of nodes and log", async () => {
    s3.server.resetCounts();
    const { world, on, source } = s3;
    first = (await world.summary(on("snapshot", source)))["backup"];
    const packs = [...s3.server.bucket("bucket").objects.keys()];
    const data = packs.filter((key) => key.startsWith("db/blobs-")).length;
    expect(data).toBeGreaterThan(1);
    expect(Object.keys(s3.server.counts()).sort()).toEqual(["ListObjectsV2", "PutObject"]);
    expect(requests("ListObjectsV2")).toBe(1);
    expect(requests("PutObject")).toBeLessThanOrEqual(data + 2);
  });

  test("takes the next one without reading anything from the bucket", async () => {
    const { world, on, source, server } = s3;
    appendFileSync(join(source, "file-10"), "one more line");
    server.resetCounts();
    const summary = await world.summary(on("snapshot", source));
    expect(summary["entries"]).toMatchObject({ new: 0, unchanged: 60 });
    const { ListObjectsV2, PutObject, ...others } = server.counts();
    expect(others).toEqual({});
    expect([ListObjectsV2?.requests, PutObject?.requests]).toEqual([1, 3]);
    expect(PutObject?.received).toBeLessThan(200_000);
  });

  test("restores exactly, also from the bucket alone when both databases are gone", async () => {
    const { world, on, source, directory } = s3;
    const wanted = await treeHash(source);
    const [before, after] = [join(directory, "before"), join(directory, "after")];
    await world.summary(on("restore", "photos", before));
    expect(await treeHash(before)).toBe(wanted);

    s3.loseDatabases();
    await world.summary(on("rebuild"));
    expect((await world.records(on("ls"))).filter(({ type }) => type === "backup")).toHaveLength(2);
    await world.summary(on("restore", "photos", after));
    expect(await treeHash(after)).toBe(wanted);
    await world.summary(on("restore", first, join(directory, "older")));
    expect((await world.summary(on("check", "--read-data")))["findings"]).toBe(0);
  });

  test("gives back the space of what is forgotten, and restores what is left", async () => {
    const { world, on, source, directory, server, random } = s3;
    for (const name of readdirSync(source).filter((one) => one.startsWith("file-")))
      writeFileSync(join(source, name), random.bytes(2000));
    await world.summary(on("snapshot", source));
    const sizeOf = (): number =>
      [...server.bucket("bucket").objects.values()].reduce((sum, [one]) => sum + (one?.body.length ?? 0), 0);
    const full = sizeOf();
    await world.summary(on("forget", "--keep-last", "1", "--yes"));
    await world.summary(on("gc"));
    expect(sizeOf()).toBeLessThan(full * 0.8);
    const target = join(directory, "left");
    await world.summary(on("restore", "photos", target));
    expect(await treeHash(target)).toBe(await treeHash(source));
    expect((await world.summary(on("check", "--read-data")))["findings"]).toBe(0);
  });

  test("finds what another machine with an older local/ does not know", async () => {
    const { world, on, source, store, directory } = s3;
    const old = join(directory, "old-local");
    cpSync(join(store, "local"), old, { recursive: true });
    cpSync(join(store, "meta"), `${old}-meta`, { recursive: true });
    writeFileSync(join(source, "new file"), "written later");
    await world.summary(on("snapshot", source));
    for (const [name, from] of [
      ["local", old],
      ["meta", `${old}-meta`],
    ] as const) {
      rmSync(join(store, name), { recursive: true });
      cpSync(from, join(store, name), { recursive: true });
    }
    const target = join(directory, "caught-up");
    await world.summary(on("restore", "photos", target));
    expect(readFileSync(join(target, "new file"), "utf8")).toBe("written later");
  });
});

describe("what is wrong with the bucket is said", () => {
  const failure = async (...words: string[]) => {
    const result = await s3.world.run(s3.on(...words, "--json"));
    const error = JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "{}") as {
      code?: string;
      message?: string;
    };
    return { exit: result.code, code: error.code ?? result.stderr, message: error.message ?? "" };
  };
  const configured = async (changes: Record<string, unknown>, run: () => Promise<void>): Promise<void> => {
    const path = join(s3.store, "config.yaml");
    const text = readFileSync(path, "utf8");
    let changed = text;
    for (const [key, value] of Object.entries(changes))
      changed = changed.replace(new RegExp(`(["']?${key}["']?: *)[^,\\n}]+`), `$1${JSON.stringify(value)}`);
    expect(changed).not.toBe(text);
    writeFileSync(path, changed);
    await run().finally(() => writeFileSync(path, text));
  };

  test.each([
    ["a wrong secret", { secretAccessKey: "guessed" }, "ACCESS_DENIED"],
    ["a bucket that does not exist", { bucket: "elsewhere" }, "BUCKET_MISSING"],
    ["an endpoint where nobody listens", { endpoint: "http://127.0.0.1:9" }, "BACKEND_UNAVAILABLE"],
  ])("%s", async (_what, changes, code) => {
    await configured({ ...changes }, async () => {
      expect(await failure("ls")).toMatchObject({ exit: 1, code });
    });
  });

  test("a service that only asks to slow down, and then does not", async () => {
    s3.server.plan({ seed: 1, probability: 1, kinds: ["503"] });
    await configured({ maxRetries: 2 }, async () => {
      expect(await failure("ls")).toMatchObject({ exit: 1, code: "THROTTLED" });
    });
    s3.server.plan(null);
    expect((await s3.world.run(s3.on("ls"))).code).toBe(0);
  });

  test("a bucket that was emptied, and another store's", async () => {
    const { objects } = s3.server.bucket("bucket");
    const kept = new Map(objects);
    objects.clear();
    expect(await failure("ls")).toMatchObject({ exit: 1, code: "STORE_MISSING_KNOWN" });
    for (const [key, value] of kept) objects.set(key, value);
    expect((await s3.world.run(s3.on("ls"))).code).toBe(0);
    const other = join(s3.directory, "other");
    const config = join(s3.directory, "config.yaml");
    await s3.world.summary(["init", "--store", other, "--config", config]);
    const result = await s3.world.run(["ls", "--store", other, "--json"]);
    expect(result.stdout).toContain('"WRONG_STORE"');
  });
});
