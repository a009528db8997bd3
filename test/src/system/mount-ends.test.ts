/** However a mount ends, nothing of it stays: no dead mount, no process, no reader that hangs. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LONG, lane } from "../harness/lanes.ts";
import { isMounted, MOUNT_NEEDS, startMount, umount } from "../harness/mount-process.ts";
import { randomOf } from "../harness/random.ts";
import { startServer } from "../harness/server-process.ts";
import { makeSmallStore, type SmallStore } from "../harness/small-store.ts";
import { waitFor } from "../harness/wait-for.ts";

const KILLS = LONG ? 50 : 5;
const PACK = "tar cf - latest snapshots";
/** What the readers do that the test ends. */
const KILLED = "tar cf - snapshots latest";

lane("the end of a mount", MOUNT_NEEDS, () => {
  let small: SmallStore;
  let point: string;
  const start = async (words?: string[]) => {
    small ??= await makeSmallStore("mount-ends");
    point = join(small.directory, "mnt");
    return await startMount(small.world, point, { words: words ?? ["--store", small.store] });
  };

  test.each(["SIGINT", "SIGTERM"] as const)("%s, with a shell inside", async (signal) => {
    const mounted = await start();
    const inside = spawn("sleep", ["1000"], { cwd: join(point, "latest/photos/small") });
    try {
      await waitFor("the shell to be inside", () => inside.pid !== undefined);
      mounted.child.kill(signal);
      expect(await mounted.ended, mounted.said()).toBe(0);
      expect(isMounted(point)).toBe(false);
    } finally {
      inside.kill("SIGKILL");
    }
  });

  test("umount, and a lazy one with a shell inside", async () => {
    const first = await start();
    expect(await umount(point)).toBe(0);
    expect(await first.ended).toBe(0);
    const second = await start();
    const inside = spawn("sleep", ["1000"], { cwd: join(point, "latest/photos/small") });
    await waitFor("the shell to be inside", () => inside.pid !== undefined);
    expect(await umount(point)).not.toBe(0);
    expect(await umount(point, ["-l"])).toBe(0);
    inside.kill("SIGKILL");
    expect(await second.ended).toBe(0);
  });

  test("two signals at once, which end a command without ado", async () => {
    const mounted = await start();
    const inside = spawn("sleep", ["1000"], { cwd: join(point, "latest/photos/small") });
    await waitFor("the shell to be inside", () => inside.pid !== undefined);
    mounted.child.kill("SIGTERM");
    mounted.child.kill("SIGINT");
    await mounted.ended;
    await waitFor("the watchdog", () => !isMounted(point));
    inside.kill("SIGKILL");
  });

  test("a signal after somebody else's lazy umount, with a shell inside", async () => {
    const mounted = await start();
    const inside = spawn("sleep", ["1000"], { cwd: join(point, "latest/photos/small") });
    await waitFor("the shell to be inside", () => inside.pid !== undefined);
    expect(await umount(point, ["-l"])).toBe(0);
    mounted.child.kill("SIGTERM");
    await mounted.ended;
    inside.kill("SIGKILL");
  });

  test("kill -9 under load", async () => {
    const random = randomOf("mount kills");
    for (let kill = 0; kill < KILLS; kill++) {
      const mounted = await start();
      const loop = (work: string): string => `set -o pipefail; while :; do ${work} | cat > /dev/null; done`;
      // Their shells end with the first program that fails. Nobody else ends these: they must see the end themselves.
      const left = [PACK, "cat 'latest/photos/large a' latest/photos/small/*", "find latest snapshots"].map(
        (work) => mounted.attempt(loop(work), 60),
      );
      const killed = [0, 1].map(() => mounted.attempt(loop(KILLED), 60));
      await new Promise((resolve) => setTimeout(resolve, random.integer(400)));
      mounted.child.kill("SIGKILL");
      await mounted.ended;
      await waitFor("the watchdog", () => !isMounted(point));
      // Ending a reader must work at once.
      for (const pid of readersIn(point)) endReader(pid);
      await Promise.all(killed);
      for (const { code, signal, stderr } of await Promise.all(left)) {
        expect([signal, code], stderr).toEqual([null, expect.toSatisfy((one) => one > 0 && one < 128)]);
        expect(stderr).toMatch(
          /not connected|No such file|Input\/output error|Software caused|No such device/,
        );
      }
      expect(readdirSync(point)).toEqual([]);
    }
  });

  test("a server that is gone for good", async () => {
    const server = await startServer(small.world, small.store);
    const mounted = await start(["--server", server.url, "--lock-wait", "1s"]);
    expect(await mounted.shell("cat latest/photos/small/1.txt | wc -c")).toBe("1000\n");
    await server.kill();
    expect(await mounted.ended).toBe(1);
    expect(mounted.said()).toMatch(/connection|server/i);
    expect(isMounted(point)).toBe(false);
  });

  test("in the background", async () => {
    const { world, store } = small;
    const summary = await world.summary(["mount", "--daemon", "--store", store, point]);
    expect(summary).toMatchObject({ type: "summary", directory: point });
    expect(isMounted(point)).toBe(true);
    expect(await umount(point)).toBe(0);
    await waitFor("the process to end", () => !isAlive(summary["pid"]));
    const refused = await world.run(["mount", "--daemon", "--store", store, join(small.directory, "absent")]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("absent");
  });

  test("damage is EIO and a line in the log, never wrong bytes", async () => {
    const { store, directory, world } = small;
    const copy = join(directory, "damaged");
    const { mustRun } = await import("../harness/run-program.ts");
    await mustRun("cp", ["-a", store, copy]);
    const packs = readdirSync(join(copy, "blobs")).filter((name) => name.startsWith("blobs-"));
    for (const name of packs) {
      const bytes = readFileSync(join(copy, "blobs", name));
      for (let at = 4096; at < bytes.length; at += 20_000) bytes[at] = (bytes[at] as number) ^ 0xff;
      writeFileSync(join(copy, "blobs", name), bytes);
    }
    const mounted = await startMount(world, join(directory, "mnt-damaged"), { words: ["--store", copy] });
    const read = await mounted.attempt("cat 'latest/photos/large a' | cmp - '../photos/large a'");
    expect(read.code).not.toBe(0);
    expect(read.stderr).toMatch(/Input\/output error/);
    expect(mounted.said()).toMatch(/large a.*(blob|data|record)/);
    await umount(mounted.directory);
    expect(await mounted.ended).toBe(0);
    rmSync(copy, { recursive: true });
  });
});

/** One that has ended by itself meanwhile is fine. */
function endReader(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Processes of the tests' readers: those whose arguments name the directory. */
function readersIn(point: string): number[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
      return words.includes(point) && words.some((word) => word.includes(KILLED)) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}
