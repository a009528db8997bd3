/**
 * Extensions of a test's own for an installed PostgreSQL, whose directories stay as they are: the server finds its files
 * relative to its program, so that a copy of the program among links has a directory of extensions that can be added to.
 */
import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes the links below the directory and returns where to start `postgres`. `files`: name and content. */
export function binWithExtensions(
  bin: string,
  directory: string,
  files: Readonly<Record<string, string>>,
): string {
  const [, major = ""] = /^\/usr\/lib\/postgresql\/(\d+)\/bin$/.exec(bin) ?? [];
  if (major === "") throw new Error(`${bin} is not where Debian installs PostgreSQL`);
  const root = join(directory, "programs");
  const [lib, share] = [`usr/lib/postgresql/${major}`, `usr/share/postgresql/${major}`];
  for (const made of [`${lib}/bin`, `${share}/extension`]) mkdirSync(join(root, made), { recursive: true });
  copyFileSync(join(bin, "postgres"), join(root, lib, "bin/postgres"));
  symlinkSync(join("/", lib, "lib"), join(root, lib, "lib"));
  for (const place of [share, `${share}/extension`])
    for (const name of readdirSync(join("/", place)))
      if (name !== "extension") symlinkSync(join("/", place, name), join(root, place, name));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(root, share, "extension", name), content);
  return join(root, lib, "bin");
}
