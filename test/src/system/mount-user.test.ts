/** A mount by somebody who is not root: through fusermount3, which passes the device. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld } from "../harness/command.ts";
import { lane } from "../harness/lanes.ts";
import { isMounted, MOUNT_NEEDS, startMount } from "../harness/mount-process.ts";
import { mustRun } from "../harness/run-program.ts";
import { scratch } from "../harness/scratch.ts";
import { waitFor } from "../harness/wait-for.ts";

const NOBODY = 65_534;

lane("a mount of another user", [...MOUNT_NEEDS, { program: "fusermount3" }], () => {
  const directory = scratch("mount-user");
  const world = openWorld(directory);
  const point = join(directory, "mnt");
  const who = { uid: NOBODY, gid: NOBODY };
  const store = join(directory, "store");
  const before = existsSync("/dev/fuse") ? statSync("/dev/fuse").mode & 0o777 : 0;

  beforeAll(async () => {
    // As udev leaves it; where there is none, the kernel's own device node is for root only.
    chmodSync("/dev/fuse", 0o666);
    const source = join(directory, "papers");
    mkdirSync(source);
    mkdirSync(point);
    writeFileSync(join(source, "letter"), "dear all");
    await mustRun("chown", ["-R", `${NOBODY}:${NOBODY}`, directory]);
    chownSync(directory, NOBODY, NOBODY);
    const made = await world.run(["snapshot", "--store", store, source], who);
    expect(made.code, made.stderr).toBe(0);
  });
  afterAll(() => chmodSync("/dev/fuse", before));

  test("is read, and taken away by fusermount3 -u", async () => {
    const mounted = await startMount(world, point, { words: ["--store", store], ...who });
    expect(await mounted.shell("cat latest/papers/letter; ls at/papers | wc -l")).toBe("dear all1\n");
    const taken = await world.run(["ls", "--store", store], who);
    expect(taken.code, taken.stderr).toBe(0);
    await mustRun("timeout", ["20", "fusermount3", "-u", point], who);
    expect(await mounted.ended, mounted.said()).toBe(0);
    expect(isMounted(point)).toBe(false);
  });

  test("ends with SIGTERM, and after kill -9 the watchdog takes it away", async () => {
    const first = await startMount(world, point, { words: ["--store", store], ...who });
    first.child.kill("SIGTERM");
    expect(await first.ended, first.said()).toBe(0);
    const second = await startMount(world, point, { words: ["--store", store], ...who });
    second.child.kill("SIGKILL");
    await second.ended;
    await waitFor("the watchdog", () => !isMounted(point));
    expect(readdirSync(point)).toEqual([]);
  });
});
