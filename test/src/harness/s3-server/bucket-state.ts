/** What the server remembers: buckets, versions of objects, uploads in parts. All in memory. */
import { createHash, randomUUID } from "node:crypto";
import { S3Fault } from "./s3-fault.ts";

/** A copy of a cold object that can be read for a while. */
interface Thaw {
  tier: string;
  /** Milliseconds of the server's clock. */
  readyAt: number;
  days: number;
}

/** One version of an object, or a delete marker. */
export interface ObjectVersion {
  key: string;
  versionId: string;
  deleted: boolean;
  body: Buffer;
  etag: string;
  modified: number;
  /** Headers that come back as they were given. */
  headers: Record<string, string>;
  storageClass: string;
  checksum: { name: string; value: string } | null;
  thaw: Thaw | null;
  lock: { mode: string; until: number } | null;
}

/** An upload in parts that is not complete. */
export interface Upload {
  key: string;
  headers: Record<string, string>;
  parts: Map<number, { bytes: Buffer; etag: string; modified: number }>;
}

export interface Bucket {
  name: string;
  versioning: "Enabled" | "Suspended" | null;
  /** Object lock: on for good when it is; with a default retention or without. */
  lock: { mode: string | null; days: number } | null;
  /** Versions by key, oldest first. */
  readonly objects: Map<string, ObjectVersion[]>;
  readonly uploads: Map<string, Upload>;
}

/** Everything of one server. */
export interface ServerState {
  readonly buckets: Map<string, Bucket>;
  /** Milliseconds since 1970; restores and locks go by it. */
  clock(): number;
  /** Conditional writes are understood; otherwise they are refused, as by services that have none. */
  readonly conditions: boolean;
}

export function newBucket(name: string): Bucket {
  return { name, versioning: null, lock: null, objects: new Map(), uploads: new Map() };
}

export function bucketOf(state: ServerState, name: string): Bucket {
  const found = state.buckets.get(name);
  if (found === undefined) throw new S3Fault(404, "NoSuchBucket", "the specified bucket does not exist");
  return found;
}

export function etagOf(bytes: Buffer): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}

/** The newest version that is no delete marker, or the one asked for. */
export function versionOf(bucket: Bucket, key: string, versionId?: string): ObjectVersion | undefined {
  const versions = bucket.objects.get(key) ?? [];
  const found =
    versionId === undefined ? versions.at(-1) : versions.find((one) => one.versionId === versionId);
  return found?.deleted ? undefined : found;
}

export function requireVersion(bucket: Bucket, key: string, versionId?: string): ObjectVersion {
  const found = versionOf(bucket, key, versionId);
  if (found === undefined) throw new S3Fault(404, "NoSuchKey", `the specified key does not exist: ${key}`);
  return found;
}

/** Adds a version as the bucket's versioning wants it. */
export function addVersion(bucket: Bucket, version: Omit<ObjectVersion, "versionId">): ObjectVersion {
  const keeps = bucket.versioning === "Enabled";
  const added = { ...version, versionId: keeps ? randomUUID().replaceAll("-", "") : "null" };
  const others = bucket.objects.get(version.key) ?? [];
  const kept = keeps ? others : others.filter(({ versionId }) => versionId !== "null");
  bucket.objects.set(version.key, [...kept, added]);
  return added;
}

/** Keys that have a readable newest version, as bytes sort. */
export function liveKeys(bucket: Bucket): string[] {
  return [...bucket.objects.keys()]
    .filter((key) => versionOf(bucket, key) !== undefined)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
