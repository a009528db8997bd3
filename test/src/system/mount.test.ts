/** A real mount, looked at with the programs that people use. */
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld } from "../harness/command.ts";
import { findProgram } from "../harness/find-program.ts";
import { growTree } from "../harness/grow-tree.ts";
import { LONG, lane } from "../harness/lanes.ts";
import { isMounted, MOUNT_NEEDS, type MountProcess, startMount, umount } from "../harness/mount-process.ts";
import { mustRun } from "../harness/run-program.ts";
import { scratch } from "../harness/scratch.ts";
import { startServer } from "../harness/server-process.ts";
import { waitFor } from "../harness/wait-for.ts";

const FIND =
  "find . \\( -type d -printf '%p %T@ %m %u %g d\\0' \\) -o -printf '%p %T@ %m %u %g %s %y %l\\0' | sort -z | sha256sum";
/** Which files have such bytes; exit code 2 when one cannot be read. */
const GREP = "grep -rlaZ --devices=skip -e '[a-c]1' . | sort -z | sha256sum";
const GIB = 2 ** 30;

lane("mount", [...MOUNT_NEEDS, { program: "rsync" }, { program: "setfattr" }, { program: "setfacl" }], () => {
  const directory = scratch("mount");
  const world = openWorld(directory);
  const [store, source, point] = ["store", "tree", "mnt"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  let mounted: MountProcess;

  beforeAll(async () => {
    mkdirSync(source);
    await growTree(source, "mount", { entries: 2000 });
    await world.summary(["snapshot", "--store", store, source]);
    mounted = await startMount(world, point, { words: ["--store", store] });
  });
  afterAll(async () => {
    await umount(point);
    expect(await mounted.ended).toBe(0);
  });

  test("shows what was backed up, to the nanosecond and the last attribute", async () => {
    await expectSame(mounted, source, "latest/tree");
  });

  test("is read by find, tar, rsync, grep and diff below snapshots/", async () => {
    const below = `snapshots/tree/${(await mounted.shell("ls snapshots/tree")).trim()}`;
    await expectSame(mounted, source, below);
    const packed = `tar -C '${below}' -cf - .`;
    expect(await mounted.shell(`${packed} | tar -C '${source}' --compare -f - 2>&1`)).toBe("");
    expect(await mounted.shell(`cd '${below}'; ${GREP}`)).toBe(await runIn(source, GREP));
    expect((await mounted.shell("df --output=avail . | tail -1")).trim()).toBe("0");
    expect((await mounted.attempt("touch latest/tree/new")).stderr).toMatch(/Read-only/);
    expect((await mounted.attempt("ls latest/absent snapshots/tree/1999 at/tree/1999 nothing")).code).toBe(2);
  });

  test("shows a backup that is taken meanwhile, and serves other commands", async () => {
    writeFileSync(join(source, "fresh"), "as of now");
    const { time } = { time: (await mounted.shell("ls snapshots/tree")).trim() };
    await world.summary(["snapshot", "--store", store, source]);
    await waitFor(
      "the new backup",
      async () => (await mounted.shell("cat latest/tree/fresh || true")) === "as of now",
    );
    expect(await mounted.shell("ls snapshots/tree | wc -l")).toBe("2\n");
    expect((await mounted.attempt(`cat 'snapshots/tree/${time}/fresh'`)).code).toBe(1);
    expect(await world.records(["ls", "--store", store, "tree"])).toHaveLength(3);
    expect(await mounted.shell("ls at/tree | wc -l")).toMatch(/^[12]\n$/);
    expect(await mounted.shell("getfattr --only-values -n user.datadb.complete latest/tree")).toBe("yes");
  });
});

lane("a mount of a server elsewhere", [...MOUNT_NEEDS, { program: "rsync" }], () => {
  test("shows what was backed up, in latest/ and snapshots/", async () => {
    const directory = scratch("mount-remote");
    const world = openWorld(directory);
    const source = join(directory, "tree");
    mkdirSync(source);
    await growTree(source, "remote mount", { entries: 300 });
    const server = await startServer(world, join(directory, "store"));
    await world.summary(["snapshot", "--server", server.url, source]);
    const mounted = await startMount(world, join(directory, "mnt"), { words: ["--server", server.url] });
    await expectSame(mounted, source, "latest/tree");
    await expectSame(mounted, source, `snapshots/tree/${(await mounted.shell("ls snapshots/tree")).trim()}`);
    expect(await umount(mounted.directory)).toBe(0);
    expect(await mounted.ended).toBe(0);
    expect(await server.stop()).toBe(0);
  });
});

lane("large mounts", MOUNT_NEEDS, () => {
  const directory = scratch("mount-large");
  const world = openWorld(directory);
  const [store, source, point] = ["store", "big", "mnt"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];

  test("a sparse file of 4 GiB by four readers, and a directory of 100,000", async () => {
    mkdirSync(join(source, "many"), { recursive: true });
    const sparse = join(source, "sparse");
    writeFileSync(sparse, "first");
    truncateSync(sparse, 4 * GIB);
    await mustRun("bash", [
      "-c",
      `printf last | dd of='${sparse}' bs=1 seek=$((3 << 30)) conv=notrunc status=none
      cd '${source}/many' && seq 1 100000 | xargs touch`,
    ]);
    await world.summary(["snapshot", "--store", store, source]);
    const mounted = await startMount(world, point, { words: ["--store", store] });
    const sums = await mounted.shell(sumsOf("latest/big/sparse"), 240);
    expect(sums).toBe((await mustRun("bash", ["-c", sumsOf(sparse)])).toString());
    expect(await mounted.shell("ls -la latest/big/many | wc -l")).toBe("100003\n");
    expect(await mounted.shell("ls -f latest/big/many | sort -u | wc -l")).toBe("100002\n");
    expect(await mounted.shell("stat -c %s latest/big/many/99999 latest/big/sparse")).toBe(`0\n${4 * GIB}\n`);
    expect(await umount(point)).toBe(0);
    expect(await mounted.ended).toBe(0);
    expect(isMounted(point)).toBe(false);
  });
});

/** Sums that four readers make at the same time: of a quarter each, with all counts of the whole file. */
function sumsOf(file: string): string {
  // The same sum, four times as fast as sha256sum where the processor helps: openssl.
  const program = LONG || findProgram("openssl") === null ? "sha256sum" : "openssl dgst -sha256 -r";
  const part = (at: number): string =>
    LONG ? `cat '${file}'` : `dd if='${file}' bs=1M skip=${at * 1024} count=1024 status=none`;
  const readers = [0, 1, 2, 3].map((at) => `{ ${part(at)} | ${program} | sed 's/^/${at} /'; } &`);
  return `{ ${readers.join(" ")} wait; } | sort`;
}

/** Nothing that diff, find or rsync can see differs between the source and its backup, a directory in the mount. */
async function expectSame(mounted: MountProcess, source: string, below: string): Promise<void> {
  const words = `-r --no-dereference -x fifo -x 'socket*' '${source}' '${below}'`;
  expect(await mounted.shell(`(diff ${words} 2>&1 || true) | (grep -v ' is a ' || true)`)).toBe("");
  expect(await mounted.shell(`cd '${below}'; ${FIND}`)).toBe(await runIn(source, FIND));
  const rsync = `rsync -naHAX --checksum --delete --itemize-changes --devices --specials '${source}/' '${below}/'`;
  expect(await mounted.shell(rsync)).toBe("");
}

async function runIn(directory: string, script: string): Promise<string> {
  const env = { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC" };
  return (await mustRun("bash", ["-euc", script], { cwd: directory, env })).toString();
}
