/**
 * Every state in which a power cut may leave a recorded disk: what no sync covered is lost, kept or torn, each change by itself, as
 * a kernel that writes in any order would leave it.
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { DiskEvent, DiskImage, DiskRecord } from "./recorded-disk.ts";
import type { Random } from "./seeded-random.ts";

type Data = Extract<DiskEvent, { type: "write" | "truncate" }>;
type Naming = Extract<DiskEvent, { type: "create" | "rename" | "unlink" }>;

/** What is certain at one moment, and what is not. */
interface Moment {
  /** Durable content by file number. */
  readonly contents: Map<number, Buffer>;
  /** Durable names. */
  readonly names: Map<string, number>;
  data: { at: number; change: Data }[];
  naming: { at: number; change: Naming }[];
}

/** How a change may end: not at all, whole, its first part only, its last part only. */
type Fate = "lost" | "kept" | "head" | "tail";

const DATA_FATES: readonly Fate[] = ["lost", "kept", "head", "tail"];
const PLAIN_FATES: readonly Fate[] = ["lost", "kept"];

function write(content: Buffer, bytes: Buffer, position: number): Buffer {
  const grown = Buffer.alloc(Math.max(content.length, position + bytes.length));
  content.copy(grown);
  bytes.copy(grown, position);
  return grown;
}

function applyData(content: Buffer, change: Data, fate: Fate, cut: number): Buffer {
  if (fate === "lost") return content;
  if (change.type === "truncate") {
    const resized = Buffer.alloc(change.length);
    content.copy(resized, 0, 0, change.length);
    return resized;
  }
  const { bytes, position } = change;
  if (fate === "kept") return write(content, bytes, position);
  if (fate === "head") return write(content, bytes.subarray(0, cut), position);
  // The length reached the disk with the last part: what comes before it is zeros, or what was there.
  return write(content, bytes.subarray(cut), position + cut);
}

function applyName(names: Map<string, number>, change: Naming): void {
  if (change.type === "create") names.set(change.path, change.file);
  else if (change.type === "unlink") names.delete(change.path);
  else {
    const file = names.get(change.from);
    if (file === undefined) return;
    names.delete(change.from);
    names.set(change.to, file);
  }
}

function place(change: Naming): string {
  return dirname(change.type === "rename" ? change.to : change.path);
}

function settle(moment: Moment, event: DiskEvent): void {
  if (event.type === "sync") {
    for (const { at, change } of moment.data) {
      if (change.file !== event.file || at >= event.upTo) continue;
      const content = moment.contents.get(change.file) ?? Buffer.alloc(0);
      moment.contents.set(change.file, applyData(content, change, "kept", 0));
    }
    moment.data = moment.data.filter(({ at, change }) => change.file !== event.file || at >= event.upTo);
  } else if (event.type === "sync-directory") {
    const covered = ({ at, change }: Moment["naming"][number]): boolean =>
      at < event.upTo && place(change) === event.directory;
    for (const one of moment.naming) if (covered(one)) applyName(moment.names, one.change);
    moment.naming = moment.naming.filter((one) => !covered(one));
  }
}

function momentAt({ image, events }: DiskRecord, count: number): Moment {
  const moment: Moment = { contents: new Map(), names: new Map(), data: [], naming: [] };
  for (const [path, content] of image) {
    moment.names.set(path, moment.contents.size);
    moment.contents.set(moment.contents.size, content);
  }
  for (const [at, event] of events.slice(0, count).entries()) {
    if (event.type === "write" || event.type === "truncate") moment.data.push({ at, change: event });
    else if (event.type === "sync" || event.type === "sync-directory") settle(moment, event);
    else moment.naming.push({ at, change: event });
  }
  return moment;
}

function fatesOf(moment: Moment): (readonly Fate[])[] {
  return [
    ...moment.naming.map(() => PLAIN_FATES),
    ...moment.data.map(({ change }) =>
      change.type === "write" && change.bytes.length > 1 ? DATA_FATES : PLAIN_FATES,
    ),
  ];
}

function imageAt(moment: Moment, fates: readonly Fate[], random: Random): DiskImage {
  const names = new Map(moment.names);
  moment.naming.forEach(({ change }, index) => {
    if (fates[index] === "kept") applyName(names, change);
  });
  const contents = new Map(moment.contents);
  moment.data.forEach(({ change }, index) => {
    const fate = fates[moment.naming.length + index]!;
    const cut = change.type === "write" ? 1 + random.integer(Math.max(1, change.bytes.length - 1)) : 0;
    const content = contents.get(change.file) ?? Buffer.alloc(0);
    contents.set(change.file, applyData(content, change, fate, cut));
  });
  return new Map([...names].map(([path, file]) => [path, contents.get(file) ?? Buffer.alloc(0)]));
}

/** One number for each combination, as digits of a number with mixed bases. */
function combination(options: readonly (readonly Fate[])[], number: number): Fate[] {
  let rest = number;
  return options.map((fates) => {
    const fate = fates[rest % fates.length]!;
    rest = Math.floor(rest / fates.length);
    return fate;
  });
}

/** What tells two images apart. */
export function imageKey(image: DiskImage): string {
  const hash = createHash("sha1");
  for (const [path, content] of [...image].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${path}\0${content.length}\0`).update(content);
  return hash.digest("hex");
}

/** States after a power cut, and how they were chosen. */
export interface CrashStates {
  readonly images: DiskImage[];
  /** All combinations are there; else a sample. */
  readonly complete: boolean;
}

/**
 * The states after a power cut when `count` events had happened: all of them when they are at most `bound`, else as many drawn at
 * random, with everything lost and everything kept among them. Each image once.
 */
export function crashStates(record: DiskRecord, count: number, bound: number, random: Random): CrashStates {
  const moment = momentAt(record, count);
  const options = fatesOf(moment);
  const total = options.reduce((product, fates) => product * fates.length, 1);
  const complete = total <= bound;
  const chosen: Fate[][] = complete
    ? Array.from({ length: total }, (_, number) => combination(options, number))
    : [options.map(() => "lost" as const), options.map(() => "kept" as const)];
  while (!complete && chosen.length < bound) chosen.push(options.map((fates) => random.pick(fates)));
  const images = new Map<string, DiskImage>();
  for (const fates of chosen) {
    const image = imageAt(moment, fates, random);
    images.set(imageKey(image), image);
  }
  return { images: [...images.values()], complete };
}
