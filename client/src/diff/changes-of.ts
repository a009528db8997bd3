/** What is different between two entries of the same path, apart from what is below them. */
import type { Meta } from "@datadb/protocol";
import type { Change } from "./diff.ts";

export function changesOf(before: Meta, after: Meta): Change[] {
  const changes: Change[] = [];
  const note = (change: Change, same: boolean): void => {
    if (!same) changes.push(change);
  };
  const file = before.type === "file" && after.type === "file";
  note("type", before.type === after.type);
  note("content", !file || (same(before.chunk, after.chunk) && same(before.list, after.list)));
  note("size", !file || before.size === after.size);
  note("mode", before.mode === after.mode);
  note("owner", before.uid === after.uid && before.gid === after.gid);
  note("mtime", before.mtime === after.mtime);
  note("target", same(before.target, after.target));
  note(
    "device",
    before.device?.major === after.device?.major && before.device?.minor === after.device?.minor,
  );
  note("xattrs", sameXattrs(before.xattrs ?? [], after.xattrs ?? []));
  note("link", same(before.link, after.link));
  return changes;
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

type Xattrs = NonNullable<Meta["xattrs"]>;

function sameXattrs(a: Xattrs, b: Xattrs): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, value }, i) => name.equals(b[i]!.name) && value.equals(b[i]!.value))
  );
}
