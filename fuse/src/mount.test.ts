import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mount } from "./mount.ts";
import { DEFAULTS, fakeStore } from "./testing/fake-store.ts";

const possible = process.platform === "linux" && process.getuid?.() === 0 && existsSync("/dev/fuse");
if (!possible) console.warn("SKIPPED real mounts: they need root and /dev/fuse");

describe.skipIf(!possible)("a real mount of made-up backups", () => {
  const directory = mkdtempSync(join(tmpdir(), "datadb-fuse-"));
  const store = fakeStore();
  const end = new AbortController();
  const problems: string[] = [];
  const stuck = store.put("data", Buffer.from("never"));
  const unheard = store.put("data", Buffer.from("unheard"));
  let ended: Promise<void>;

  const shell = async (script: string): Promise<string> => {
    const words = ["-s", "KILL", "30", "bash", "-c", `cd '${directory}' && ${script}`];
    return (await promisify(execFile)("timeout", words)).stdout.trim();
  };
  const root = (content: string): string => {
    const chunk = store.put("data", Buffer.from(content));
    const file = { ...DEFAULTS, type: "file" as const };
    return store.root([
      { ...file, name: Buffer.from("when"), chunk, size: content.length },
      { ...file, name: Buffer.from("stuck"), chunk: stuck, size: 5 },
      { ...file, name: Buffer.from("lost"), chunk: Buffer.alloc(32, 7), size: 5 },
    ]);
  };

  beforeAll(async () => {
    for (const time of ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-26T12:00"])
      store.backups.push({ name: "app", time: `${time}:00.000Z`, ref: root(time) });
    for (const time of ["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30"])
      store.backups.push({ name: "spring", time: `${time}:00.000Z`, ref: root(time) });
    const metas = [
      { ...DEFAULTS, name: Buffer.from("file"), type: "file", chunk: unheard, size: 7 },
      {
        ...DEFAULTS,
        name: Buffer.from("deep"),
        type: "directory",
        mode: 0o755,
        directory: unheard,
        entries: 1,
      },
    ] as const;
    store.backups.push({ name: "waiting", time: "2026-01-01T00:00:00.000Z", ref: store.root(metas) });
    for (const host of ["web1", "web2"])
      store.backups.push({ name: "etc", host, time: "2026-01-01T00:00:00.000Z", ref: root(host) });
    store.backups.push({
      name: "half",
      time: "2026-01-01T00:00:00.000Z",
      ref: root("half"),
      complete: false,
      unreadable: ["secret/key"],
    });
    await new Promise<void>((mounted, failed) => {
      ended = mount(store.connection, directory, {
        timezone: "Europe/Berlin",
        signal: end.signal,
        onMounted: () => mounted(),
        problem: (text) => problems.push(text),
      });
      ended.catch(failed);
    });
  });
  afterAll(async () => {
    end.abort();
    await ended;
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(directory);
    rmSync(directory, { recursive: true });
  });

  it("takes every form of time, also around the hour that happens twice", async () => {
    const times: Record<string, string> = {
      "2026": "2026-10-26T12:00",
      "2026-10": "2026-10-26T12:00",
      "2026-10-25": "2026-10-25T01:30",
      "2026-10-25T02": "2026-10-25T01:30",
      "2026-10-25T02:29": "2026-10-25T00:30",
      "2026-10-25T02:30": "2026-10-25T01:30",
      "2026-10-25T02:30:00+02:00": "2026-10-25T00:30",
      "2026-10-25T01:29:59.999Z": "2026-10-25T00:30",
      "2026-10-25 02:30": "2026-10-25T01:30",
    };
    const names = Object.keys(times);
    const script = names.map((name) => `cat 'at/app/${name}/when'; echo`).join("; ");
    expect((await shell(script)).split("\n")).toEqual(Object.values(times));
    expect(await shell("ls at/app")).toBe("2026-10-25\n2026-10-26");
    await expect(shell("ls at/app/2025")).rejects.toThrow(/No such file/);
  });

  it("takes times of the hour that never happens: it is over when the clocks are set forward", async () => {
    const times: Record<string, string> = {
      "2026-03-29": "2026-03-29T01:30",
      "2026-03-29T01": "2026-03-29T00:30",
      "2026-03-29T02": "2026-03-29T00:30",
      "2026-03-29T02:30": "2026-03-29T00:30",
      "2026-03-29T02:30:00": "2026-03-29T00:30",
      "2026-03-29T03:00": "2026-03-29T01:00",
      "2026-03-29T03:29": "2026-03-29T01:00",
      "2026-03-29T03": "2026-03-29T01:30",
      "2026-03-29T02:30+01:00": "2026-03-29T01:30",
      "2026-03-29T02:30+02:00": "2026-03-29T00:30",
    };
    const script = Object.keys(times).map((name) => `cat 'at/spring/${name}/when'; echo`);
    expect((await shell(script.join("; "))).split("\n")).toEqual(Object.values(times));
    expect(await shell("ls at/spring")).toBe("2026-03-29");
    await expect(shell("ls at/spring/2026-03-29T01:29")).rejects.toThrow(/No such file/);
  });

  it("tells hosts apart, and says what is incomplete", async () => {
    expect(await shell("ls latest")).toBe("app\netc@web1\netc@web2\nhalf\nhalf.incomplete\nspring\nwaiting");
    expect(await shell("cat latest/etc@web2/when")).toBe("web2");
    expect(await shell("cat snapshots/half/*.incomplete latest/half.incomplete | grep -c secret/key")).toBe(
      "2",
    );
  });

  it("answers EIO for what is lost and names it", async () => {
    await expect(shell("cat latest/app/lost")).rejects.toThrow(/Input\/output error/);
    expect(problems.join("\n")).toMatch(/^lost: \d+ bytes at 0 cannot be read: /m);
    expect(problems.join("\n")).toContain("07".repeat(32));
  });

  it("a store that does not answer holds up nobody else, and nobody who is told to end", async () => {
    store.hang(stuck);
    const reader = execFile("cat", [join(directory, "latest/app/stuck")]);
    const closed = new Promise((resolve) => reader.on("close", resolve));
    expect(await shell("cat snapshots/app/2026-10-25T00:30:00.000Z/when; ls -l latest/app | wc -l")).toMatch(
      /2026-10-25T00:304/,
    );
    reader.kill("SIGKILL");
    await closed;
    store.hang(null);
  });

  it("ends by SIGINT who waits for a store that does not answer, also a program that handles the signal", async () => {
    const below = join(directory, "latest/waiting");
    store.hang(unheard);
    const readers: [program: string, word: string, path: string, ...more: string[]][] = [
      ["cat", "--", `${below}/file`],
      // Past the page cache, where the kernel waits for pages and lets only a signal that ends a program disturb it.
      ["dd", "if=", `${below}/file`, "iflag=direct", "status=none"],
      ["ls", "--color=always", `${below}/deep`],
    ];
    const ends = readers.map(async ([program, word, path, ...more]) => {
      const words = word.endsWith("=") ? [`${word}${path}`, ...more] : [word, path, ...more];
      const reader = spawn(program, words, { stdio: "ignore" });
      const closed = new Promise((resolve) => reader.on("close", (_code, signal) => resolve(signal)));
      await expect.poll(() => openFilesOf(reader.pid!), { timeout: 20_000 }).toContain(path);
      reader.kill("SIGINT");
      return `${program} ${await closed}`;
    });
    expect(await Promise.all(ends)).toEqual(["cat SIGINT", "dd SIGINT", "ls SIGINT"]);
    store.hang(null);
  });
});

function openFilesOf(pid: number): string[] {
  const below = `/proc/${pid}/fd`;
  return readdirSync(below).map((fd) => readlinkSync(join(below, fd)));
}
