/** datadb as a program elsewhere has it: its packages packed, put into that program's node_modules, compiled against and run. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { mustRun } from "../harness/run-program.ts";
import { scratch } from "../harness/scratch.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const MODULES = join(ROOT, "node_modules");
const PACKED = ["protocol", "backends", "server", "client", "fuse", "scheduler", "cli"];

const PROGRAM = `
import { DatadbError, listBackups, NotFoundError, openStore, parseSelector, removeBackup, resolveSelector, restore, snapshot } from "datadb";
import type { Backup, PostgresSource, RestoreDatabaseSummary, SnapshotSummary } from "datadb";

const [directory = ""] = process.argv.slice(2);
const store = await openStore(directory + "/store", { create: true });
const made: SnapshotSummary = await snapshot(store, [directory + "/source"], { name: "mine", meta: { offset: 4711 } });
const listed: Backup[] = await listBackups(store);
console.log(made.complete, listed.map(({ name, meta }) => [name, meta["offset"]]).join());
const backup = await resolveSelector(store, parseSelector("mine"));
await restore(store, backup, "", directory + "/restored");
await removeBackup(store, backup);
try {
  await resolveSelector(store, parseSelector("mine"));
} catch (error) {
  if (error instanceof NotFoundError && error instanceof DatadbError) console.log(error.code);
}
const source: PostgresSource = { postgres: "postgres:///", tables: [], lockTimeout: 1 };
const offset = (summary: RestoreDatabaseSummary): unknown => summary.meta["offset"];
console.log(typeof source, typeof offset);
await store.close();
`;

// What is packed is what was built.
test.skipIf(!existsSync(join(ROOT, "cli/dist/index.js")))(
  "a program of its own type-checks without exceptions, and runs",
  async () => {
    const directory = scratch("installed");
    const modules = join(directory, "node_modules");
    mkdirSync(join(modules, "@datadb"), { recursive: true });
    for (const name of readdirSync(MODULES))
      if (!["@datadb", "datadb", ".bin"].includes(name))
        symlinkSync(join(MODULES, name), join(modules, name));
    for (const room of PACKED) {
      const words = ["pack", "--silent", "--ignore-scripts", "--pack-destination", directory];
      const file = (await mustRun("npm", words, { cwd: join(ROOT, room) })).toString().trim();
      const place = room === "cli" ? "datadb" : `@datadb/${room}`;
      mkdirSync(join(modules, place));
      await mustRun("tar", [
        "xzf",
        join(directory, file),
        "--strip-components=1",
        "-C",
        join(modules, place),
      ]);
    }
    const compilerOptions = { module: "nodenext", target: "es2023", strict: true, skipLibCheck: false };
    const [types, outDir] = [["node"], "built"];
    writeFileSync(join(directory, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(
      join(directory, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { ...compilerOptions, types, outDir }, include: ["main.ts"] }),
    );
    writeFileSync(join(directory, "main.ts"), PROGRAM);
    mkdirSync(join(directory, "source"));
    writeFileSync(join(directory, "source", "file"), "content");
    await mustRun(join(MODULES, ".bin/tsc"), ["-p", directory], { cwd: directory });
    const env = { PATH: process.env["PATH"], HOME: directory, XDG_RUNTIME_DIR: directory };
    const said = await mustRun(process.execPath, ["built/main.js", directory], { cwd: directory, env });
    expect(said.toString()).toBe("true mine,4711\nNOT_FOUND\nobject function\n");
    expect(existsSync(join(directory, "restored", "file"))).toBe(true);
    const command = join(modules, "datadb/bin/datadb");
    expect((await mustRun(command, ["--version"], { env })).toString()).toMatch(/0\.1\.0/);
  },
);
