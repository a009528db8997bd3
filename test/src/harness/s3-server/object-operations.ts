/** PUT, GET, HEAD, DELETE and restore of one object. */
import {
  addVersion,
  type Bucket,
  bucketOf,
  etagOf,
  type ObjectVersion,
  requireVersion,
  versionOf,
} from "./bucket-state.ts";
import { byteRange } from "./byte-range.ts";
import type { Answer, HandledRequest } from "./handled-request.ts";
import { lockOf, requireUnlocked } from "./object-lock.ts";
import { S3Fault } from "./s3-fault.ts";
import { requireReadable, restoreHeader } from "./storage-class.ts";
import { xmlDocument } from "./xml.ts";

const STORAGE_CLASSES = [
  "STANDARD",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
  "GLACIER",
  "DEEP_ARCHIVE",
  "REDUCED_REDUNDANCY",
];
const KEPT_HEADERS =
  /^(content-type|cache-control|content-disposition|x-amz-meta-.*|x-amz-server-side-encryption.*)$/;

/** The headers of a request that an object keeps. */
export function keptHeaders(headers: HandledRequest["headers"]): Record<string, string> {
  const kept = Object.entries(headers).filter(
    ([name, value]) => KEPT_HEADERS.test(name) && value !== undefined,
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

export function storageClassOf(headers: HandledRequest["headers"]): string {
  const name = headers["x-amz-storage-class"] ?? "STANDARD";
  if (!STORAGE_CLASSES.includes(name))
    throw new S3Fault(400, "InvalidStorageClass", `the storage class ${name} is not valid`);
  return name;
}

/** If-None-Match: * and If-Match of a write. */
export function requireConditions({ state, bucket: name, key, headers }: HandledRequest): void {
  const current = versionOf(bucketOf(state, name), key);
  const [none, match] = [headers["if-none-match"], headers["if-match"]];
  const conditional = none !== undefined || match !== undefined;
  if ((none !== undefined && none !== "*") || (conditional && !state.conditions))
    throw new S3Fault(
      501,
      "NotImplemented",
      "a header you provided implies functionality that is not implemented",
    );
  const failed = (none === "*" && current !== undefined) || (match !== undefined && current?.etag !== match);
  if (match !== undefined && current === undefined)
    throw new S3Fault(404, "NoSuchKey", "the key does not exist");
  if (failed)
    throw new S3Fault(
      412,
      "PreconditionFailed",
      "at least one of the preconditions you specified did not hold",
    );
}

/** The headers that describe a version. */
function describe(version: ObjectVersion, now: number): Record<string, string> {
  const { headers, etag, modified, storageClass, checksum, versionId } = version;
  return {
    ...headers,
    etag,
    "last-modified": new Date(modified).toUTCString(),
    "accept-ranges": "bytes",
    ...(storageClass === "STANDARD" ? {} : { "x-amz-storage-class": storageClass }),
    ...(versionId === "null" ? {} : { "x-amz-version-id": versionId }),
    ...(checksum === null ? {} : { [checksum.name]: checksum.value }),
    ...(version.lock === null
      ? {}
      : {
          "x-amz-object-lock-mode": version.lock.mode,
          "x-amz-object-lock-retain-until-date": new Date(version.lock.until).toISOString(),
        }),
    ...restoreHeader(version, now),
  };
}

export function putObject(request: HandledRequest): Answer {
  const { state, key, headers, body, checksum } = request;
  const bucket = bucketOf(state, request.bucket);
  const source = headers["x-amz-copy-source"];
  if (source !== undefined) return copyObject(request, bucket, source);
  requireConditions(request);
  const added = addVersion(bucket, {
    key,
    deleted: false,
    body,
    etag: etagOf(body),
    modified: Date.now(),
    headers: keptHeaders(headers),
    storageClass: storageClassOf(headers),
    checksum,
    thaw: null,
    lock: lockOf(bucket, headers, state.clock()),
  });
  const { "last-modified": _, ...described } = describe(added, state.clock());
  return { status: 200, headers: described };
}

function copyObject({ state, key, headers }: HandledRequest, bucket: Bucket, source: string): Answer {
  const [fromBucket = "", ...rest] = decodeURIComponent(source).replace(/^\//, "").split("/");
  const from = requireVersion(bucketOf(state, fromBucket), rest.join("/"));
  requireReadable(from, state.clock());
  const added = addVersion(bucket, {
    ...from,
    key,
    modified: Date.now(),
    storageClass: storageClassOf(headers),
    thaw: null,
    lock: lockOf(bucket, headers, state.clock()),
  });
  const body = xmlDocument("CopyObjectResult", [
    ["ETag", added.etag],
    ["LastModified", new Date(added.modified).toISOString()],
  ]);
  return { status: 200, body };
}

export function getObject({ state, bucket: name, key, query, headers, method }: HandledRequest): Answer {
  const bucket = bucketOf(state, name);
  const version = requireVersion(bucket, key, query.get("versionId") ?? undefined);
  const described = describe(version, state.clock());
  const match = headers["if-match"];
  if (match !== undefined && match !== version.etag)
    throw new S3Fault(412, "PreconditionFailed", "the object has changed");
  if (method === "HEAD") return { status: 200, headers: described, body: version.body };
  requireReadable(version, state.clock());
  const range = byteRange(headers["range"], version.body.length);
  if (range === null) return { status: 200, headers: described, body: version.body };
  // The checksum is that of the whole object.
  const { [version.checksum?.name ?? ""]: _, ...partial } = described;
  return {
    status: 206,
    headers: { ...partial, "content-range": `bytes ${range.from}-${range.to - 1}/${version.body.length}` },
    body: version.body.subarray(range.from, range.to),
  };
}

/** Deletes, or adds a delete marker where versions are kept. */
export function deleteVersion(
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
  options: { now: number; bypass: boolean },
): Record<string, string> {
  const versions = bucket.objects.get(key) ?? [];
  if (versionId !== undefined) {
    const found = versions.find((one) => one.versionId === versionId);
    if (found !== undefined) requireUnlocked(found, options);
    const left = versions.filter((one) => one !== found);
    if (left.length === 0) bucket.objects.delete(key);
    else bucket.objects.set(key, left);
    return { "x-amz-version-id": versionId, ...(found?.deleted ? { "x-amz-delete-marker": "true" } : {}) };
  }
  if (bucket.versioning === null) {
    bucket.objects.delete(key);
    return {};
  }
  const empty = { body: Buffer.alloc(0), etag: "", headers: {}, storageClass: "STANDARD", checksum: null };
  const marker = addVersion(bucket, {
    ...empty,
    key,
    deleted: true,
    modified: Date.now(),
    thaw: null,
    lock: null,
  });
  return { "x-amz-delete-marker": "true", "x-amz-version-id": marker.versionId };
}

export function deleteObject({ state, bucket, key, query, headers }: HandledRequest): Answer {
  const bypass = headers["x-amz-bypass-governance-retention"] === "true";
  const options = { now: state.clock(), bypass };
  const told = deleteVersion(bucketOf(state, bucket), key, query.get("versionId") ?? undefined, options);
  return { status: 204, headers: told };
}
