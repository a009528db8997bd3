/** Hard links: the first name of a file that is restored gets the content, the others are linked to it. */
import fs from "node:fs";
import type { Meta } from "@datadb/protocol";
import type { Directory } from "./directory.ts";
import type { DirectoryHandles } from "./directory-handles.ts";
import { pathAt } from "./new-file.ts";
import { temporaryName } from "./temporary-name.ts";

/** One name of a hard-linked file. */
interface LinkMember {
  directory: Directory;
  meta: Meta;
  /** How this name is restored with its content, when it has to be the first. */
  restore(): Promise<void>;
  /** Called when it was linked instead. */
  linked(error: unknown): void;
}

interface Group {
  first: LinkMember;
  complete: boolean;
  waiting: LinkMember[];
}

export interface HardLinks {
  /** Restores the member, or links it now or when the first is complete. */
  add(member: LinkMember): Promise<void>;
  /** The content of a member that was restored is in place, or could not be. */
  settled(meta: Meta, ok: boolean): Promise<void>;
}

/**
 * The recorded path of the first name is only a label for the group, never a path that is opened: a hostile
 * backup cannot point it anywhere, and a part of a backup restores without the first name.
 */
export function hardLinks(handles: DirectoryHandles, replace: boolean): HardLinks {
  const groups = new Map<string, Group>();

  function link(group: Group, member: LinkMember): void {
    try {
      linkMember(handles, group.first, member, replace);
      member.linked(null);
    } catch (error) {
      member.linked(error);
    }
  }

  return {
    async add(member) {
      const key = member.meta.link!.toString("latin1");
      const group = groups.get(key);
      if (group === undefined) {
        groups.set(key, { first: member, complete: false, waiting: [] });
        await member.restore();
      } else if (group.complete) link(group, member);
      else group.waiting.push(member);
    },
    async settled(meta, ok) {
      const group = groups.get(meta.link!.toString("latin1"))!;
      const { waiting } = group;
      if (ok) {
        group.complete = true;
        group.waiting = [];
        for (const member of waiting) link(group, member);
        return;
      }
      // The next name may still succeed: it may be the place that failed, not the content.
      const next = waiting.shift();
      if (next === undefined) return void groups.delete(meta.link!.toString("latin1"));
      group.first = next;
      await next.restore();
    },
  };
}

function linkMember(
  handles: DirectoryHandles,
  first: LinkMember,
  member: LinkMember,
  replace: boolean,
): void {
  const from = pathAt(handles.pin(first.directory), first.meta.name);
  try {
    const directoryFd = handles.pin(member.directory);
    try {
      linkPath(from, directoryFd, member.meta.name, replace);
    } finally {
      handles.unpin(member.directory);
    }
  } finally {
    handles.unpin(first.directory);
  }
}

function linkPath(from: Buffer, directoryFd: number, name: Buffer, replace: boolean): void {
  const path = pathAt(directoryFd, name);
  // As bigints: inodes may have 64 bits, and two that differ in the last ones are two files.
  const there = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (there === undefined || !replace) {
    fs.linkSync(from, path);
    return;
  }
  const source = fs.lstatSync(from, { bigint: true });
  if (source.ino === there.ino && source.dev === there.dev) return;
  const temporary = pathAt(directoryFd, temporaryName());
  fs.linkSync(from, temporary);
  try {
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}
