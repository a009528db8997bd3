/** Buckets: made, listed, versioned, emptied by lists of keys. */
import { bucketOf, liveKeys, newBucket, versionOf } from "./bucket-state.ts";
import type { Answer, HandledRequest } from "./handled-request.ts";
import { deleteVersion } from "./object-operations.ts";
import { S3Fault } from "./s3-fault.ts";
import { elements, textOf, type Xml, xmlDocument } from "./xml.ts";

const MAX_KEYS = 1000;

export function createBucket({ state, bucket, headers }: HandledRequest): Answer {
  if (state.buckets.has(bucket))
    throw new S3Fault(
      409,
      "BucketAlreadyOwnedByYou",
      "your previous request to create the named bucket succeeded",
    );
  const made = newBucket(bucket);
  if (headers["x-amz-bucket-object-lock-enabled"] === "true") {
    made.versioning = "Enabled";
    made.lock = { mode: null, days: 0 };
  }
  state.buckets.set(bucket, made);
  return { status: 200, headers: { location: `/${bucket}` } };
}

export function headBucket({ state, bucket }: HandledRequest): Answer {
  bucketOf(state, bucket);
  return { status: 200 };
}

export function deleteBucket({ state, bucket }: HandledRequest): Answer {
  if (bucketOf(state, bucket).objects.size > 0)
    throw new S3Fault(409, "BucketNotEmpty", "the bucket is not empty");
  state.buckets.delete(bucket);
  return { status: 204 };
}

export function listBuckets({ state }: HandledRequest): Answer {
  const buckets = [...state.buckets.keys()].map((name): Xml => ["Bucket", [["Name", name]]]);
  return { status: 200, body: xmlDocument("ListAllMyBucketsResult", [["Buckets", buckets]]) };
}

export function getLocation({ state, bucket }: HandledRequest): Answer {
  bucketOf(state, bucket);
  return { status: 200, body: xmlDocument("LocationConstraint", []) };
}

export function getVersioning({ state, bucket }: HandledRequest): Answer {
  const { versioning } = bucketOf(state, bucket);
  return { status: 200, body: xmlDocument("VersioningConfiguration", [["Status", versioning ?? undefined]]) };
}

export function putVersioning({ state, bucket, body }: HandledRequest): Answer {
  const status = textOf(body.toString(), "Status");
  if (status !== "Enabled" && status !== "Suspended") throw new S3Fault(400, "MalformedXML", "no Status");
  bucketOf(state, bucket).versioning = status;
  return { status: 200 };
}

/** ListObjectsV2: keys by prefix, after a key or a token, grouped by a delimiter. */
export function listObjects({ state, bucket: name, query, pageLimit }: HandledRequest): Answer {
  const bucket = bucketOf(state, name);
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const token = query.get("continuation-token");
  const after =
    token === null ? (query.get("start-after") ?? "") : Buffer.from(token, "base64url").toString();
  const most = Math.min(Number(query.get("max-keys") ?? MAX_KEYS), MAX_KEYS, pageLimit);
  const beyond = (key: string): boolean => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
  const contents: Xml[] = [];
  const groups = new Set<string>();
  let last = "";
  let truncated = false;
  for (const key of liveKeys(bucket)) {
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const group = cut === -1 ? null : key.slice(0, cut + delimiter.length);
    if (!beyond(key) || (group !== null && (groups.has(group) || after.startsWith(group)))) continue;
    if (contents.length + groups.size >= most) {
      truncated = true;
      break;
    }
    last = group ?? key;
    if (group !== null) groups.add(group);
    else contents.push(["Contents", entryOf(bucket, key)]);
  }
  const body = xmlDocument("ListBucketResult", [
    ["Name", name],
    ["Prefix", prefix],
    ["KeyCount", contents.length + groups.size],
    ["MaxKeys", most],
    ["IsTruncated", truncated],
    ["NextContinuationToken", truncated ? Buffer.from(last).toString("base64url") : undefined],
    ...contents,
    ...[...groups].map((group): Xml => ["CommonPrefixes", [["Prefix", group]]]),
  ]);
  return { status: 200, body };
}

function entryOf(bucket: ReturnType<typeof bucketOf>, key: string): Xml[] {
  const version = versionOf(bucket, key);
  return [
    ["Key", key],
    ["LastModified", new Date(version?.modified ?? 0).toISOString()],
    ["ETag", version?.etag],
    ["Size", version?.body.length],
    ["StorageClass", version?.storageClass],
  ];
}

export function listVersions({ state, bucket: name, query }: HandledRequest): Answer {
  const bucket = bucketOf(state, name);
  const prefix = query.get("prefix") ?? "";
  const entries = [...bucket.objects].flatMap(([key, versions]) =>
    key.startsWith(prefix)
      ? versions.map((version): Xml => {
          const common: Xml[] = [
            ["Key", key],
            ["VersionId", version.versionId],
            ["IsLatest", version === versions.at(-1)],
            ["LastModified", new Date(version.modified).toISOString()],
          ];
          if (version.deleted) return ["DeleteMarker", common];
          return ["Version", [...common, ["ETag", version.etag], ["Size", version.body.length]]];
        })
      : [],
  );
  return {
    status: 200,
    body: xmlDocument("ListVersionsResult", [["Name", name], ["IsTruncated", false], ...entries]),
  };
}

export function deleteObjects({ state, bucket: name, body, headers, checksum }: HandledRequest): Answer {
  const bucket = bucketOf(state, name);
  if (headers["content-md5"] === undefined && checksum === null)
    throw new S3Fault(
      400,
      "InvalidRequest",
      "missing required header for this request: Content-MD5 or a checksum",
    );
  const xml = body.toString();
  const objects = elements(xml, "Object");
  if (objects.length === 0 || objects.length > MAX_KEYS)
    throw new S3Fault(400, "MalformedXML", "1 to 1000 keys");
  const quiet = textOf(xml, "Quiet") === "true";
  const bypass = headers["x-amz-bypass-governance-retention"] === "true";
  const results = objects.flatMap((one): Xml[] => {
    const key = textOf(one, "Key") ?? "";
    try {
      deleteVersion(bucket, key, textOf(one, "VersionId"), { now: state.clock(), bypass });
      return quiet ? [] : [["Deleted", [["Key", key]]]];
    } catch (error) {
      if (!(error instanceof S3Fault)) throw error;
      return [
        [
          "Error",
          [
            ["Key", key],
            ["Code", error.code],
            ["Message", error.message],
          ],
        ],
      ];
    }
  });
  return { status: 200, body: xmlDocument("DeleteResult", results) };
}
