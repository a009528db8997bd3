/** Which program is taken: not older than the server, from the directory named, PATH, or Debian's. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findProgram, findProgramBeside } from "./find-program.ts";

let base = "";
function fake(directory: string, version: string, help = ""): string {
  const path = join(base, directory);
  mkdirSync(path, { recursive: true });
  const script = `#!/bin/sh\n[ "$1" = --help ] && echo '${help}' || echo 'pg_dump (PostgreSQL) ${version}'\n`;
  writeFileSync(join(path, "pg_dump"), script, { mode: 0o755 });
  return path;
}
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "datadb-programs-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

test("PATH first, then the versioned directories from the server's version up", async () => {
  const old = fake("path", "13.4");
  fake("versions/15/bin", "15.18 (Debian)", "--restrict-key=KEY");
  fake("versions/17/bin", "17.2");
  const options = {
    environment: { PATH: `${join(base, "none")}:${old}` },
    versionsDirectory: join(base, "versions"),
  };
  expect(await findProgram("pg_dump", 130004, options)).toEqual({
    path: join(old, "pg_dump"),
    major: 13,
    restrictKey: false,
  });
  expect(await findProgram("pg_dump", 150018, options)).toMatchObject({
    path: join(base, "versions/15/bin/pg_dump"),
    restrictKey: true,
  });
  expect(await findProgram("pg_dump", 160001, options)).toMatchObject({ major: 17 });
});

test("a script that starts the program of some version is taken when there is nothing else", async () => {
  const wrapped = fake("wrapped", "15.14");
  renameSync(join(wrapped, "pg_dump"), join(base, "pg_wrapper"));
  symlinkSync(join(base, "pg_wrapper"), join(wrapped, "pg_dump"));
  const options = { environment: { PATH: wrapped }, versionsDirectory: join(base, "none") };
  expect(await findProgram("pg_dump", 150000, options)).toMatchObject({
    path: join(wrapped, "pg_dump"),
    restrictKey: true,
  });
  fake("others/16/bin", "16.9", "--restrict-key=KEY");
  const more = { ...options, versionsDirectory: join(base, "others") };
  expect(await findProgram("pg_dump", 150000, more)).toMatchObject({
    path: join(base, "others/16/bin/pg_dump"),
    restrictKey: true,
  });
});

test("too old, or none: the error names what was found and the package", async () => {
  const binDirectory = fake("chosen", "14.1");
  const missing = findProgram("pg_dump", 150000, { binDirectory });
  await expect(missing).rejects.toMatchObject({
    code: "PG_PROGRAM_MISSING",
    message: expect.stringMatching(/version 15.*has version 14/),
  });
  await expect(missing).rejects.toMatchObject({ next: expect.stringMatching(/postgresql-client-15/) });
  writeFileSync(join(binDirectory, "psql"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  await expect(findProgram("psql", 150000, { binDirectory })).rejects.toThrow(/none was found/);
});

test("what lies beside a program has its version, unless it is of another package", async () => {
  const directory = fake("together", "15.14");
  const known = await findProgram("pg_dump", 150000, { binDirectory: directory });
  const options = { binDirectory: fake("apart", "16.9") };
  writeFileSync(join(directory, "pg_restore"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  expect(await findProgramBeside(known, "pg_restore", 150000, options)).toEqual({
    path: join(directory, "pg_restore"),
    major: 15,
    restrictKey: true,
  });
  // A link to elsewhere says nothing of the version.
  for (const [name, version] of [
    ["pg_dump", "16.9"],
    ["pg_dumpall", "15.3"],
  ] as const)
    renameSync(join(fake("elsewhere", version), "pg_dump"), join(base, "elsewhere", `${name}-${version}`));
  symlinkSync(join(base, "elsewhere", "pg_dumpall-15.3"), join(directory, "pg_dumpall"));
  renameSync(join(base, "elsewhere", "pg_dump-16.9"), join(base, "apart", "pg_dumpall"));
  expect(await findProgramBeside(known, "pg_dumpall", 150000, options)).toMatchObject({
    path: join(base, "apart", "pg_dumpall"),
    major: 16,
  });
});
