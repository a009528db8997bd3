/** Restores one entry of a directory, whatever its type; problems are counted, never thrown. */
import { type Meta, UnsafePathError } from "@datadb/protocol";
import { nativeSupport } from "../native/load-native.ts";
import { attributesOf } from "./attributes.ts";
import { type Directory, pathIn } from "./directory.ts";
import type { HardLinks } from "./hard-links.ts";
import { restoreFile } from "./restore-file.ts";
import { restoreSpecial } from "./restore-special.ts";
import type { Run } from "./run.ts";
import { isSafeName } from "./safe-name.ts";

/**
 * Everything but a directory is restored or under way when this resolves.
 * @returns the directory that was entered and is to be walked, else null.
 */
export async function restoreEntry(
  run: Run,
  links: HardLinks,
  directory: Directory,
  meta: Meta,
): Promise<Directory | null> {
  directory.pending++;
  const path = pathIn(directory, meta.name);
  if (!isSafeName(meta.name)) {
    const shown = JSON.stringify(meta.name.toString());
    run.tally.problem(
      path,
      new UnsafePathError(`the backup has an entry named ${shown}, which no file may be called`),
    );
    run.finished(directory);
    return null;
  }
  if (meta.type === "directory") return enter(run, directory, meta);
  if (meta.link === undefined) {
    await restoreContent(run, directory, meta, null);
    return null;
  }
  await links.add({
    directory,
    meta,
    restore: async () =>
      await restoreContent(run, directory, meta, async (ok) => await links.settled(meta, ok)),
    linked(error) {
      if (error === null) run.tally.count(meta, "hardLink");
      else run.tally.problem(path, error);
      run.finished(directory);
    },
  });
  return null;
}

function enter(run: Run, directory: Directory, meta: Meta): Directory | null {
  try {
    return run.handles.enter(directory, meta, run.options.overwrite === true);
  } catch (error) {
    run.tally.problem(pathIn(directory, meta.name), error);
    return null;
  } finally {
    run.finished(directory);
  }
}

async function restoreContent(
  run: Run,
  directory: Directory,
  meta: Meta,
  settled: ((ok: boolean) => Promise<void>) | null,
): Promise<void> {
  const done = (error: unknown, unchanged?: boolean): void => {
    if (error !== null) run.tally.problem(pathIn(directory, meta.name), error);
    else run.tally.count(meta, unchanged ? "unchanged" : undefined);
    if (error === null) warnOfLostAttributes(run, directory, meta);
    if (settled === null) {
      run.finished(directory);
      return;
    }
    void settled(error === null)
      .catch(run.tally.fail)
      .finally(() => run.finished(directory));
  };
  if (meta.type === "file") return await restoreFile(run, directory, meta, done);
  try {
    const fd = run.handles.pin(directory);
    try {
      const attributes = attributesOf(meta, run.restorer, directory.createdGid);
      restoreSpecial(fd, meta, attributes, {
        replace: run.options.overwrite === true,
        stripAcl: directory.inheritsAcl,
      });
    } finally {
      run.handles.unpin(directory);
    }
    done(null);
  } catch (error) {
    done(error);
  }
}

function warnOfLostAttributes(run: Run, directory: Directory, meta: Meta): void {
  if (meta.xattrs === undefined || nativeSupport().native !== null) return;
  run.tally.note(
    pathIn(directory, meta.name),
    "ENOTSUP",
    "its extended attributes cannot be set on this system",
  );
}
