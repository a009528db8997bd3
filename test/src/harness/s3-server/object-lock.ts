/** Object lock: retention that a delete of a version respects. */
import { type Bucket, bucketOf, type ObjectVersion, requireVersion } from "./bucket-state.ts";
import type { Answer, HandledRequest } from "./handled-request.ts";
import { S3Fault } from "./s3-fault.ts";
import { textOf, xmlDocument } from "./xml.ts";

const DAY_MS = 86_400_000;

/** What protects a new version: its own headers, else the bucket's default. */
export function lockOf(
  bucket: Bucket,
  headers: HandledRequest["headers"],
  now: number,
): ObjectVersion["lock"] {
  const mode = headers["x-amz-object-lock-mode"];
  const until = headers["x-amz-object-lock-retain-until-date"];
  if (mode !== undefined || until !== undefined) {
    if (bucket.lock === null)
      throw new S3Fault(400, "InvalidRequest", "the bucket is missing object lock configuration");
    return { mode: mode ?? "", until: Date.parse(until ?? "") };
  }
  const fallback = bucket.lock;
  return fallback === null || fallback.mode === null
    ? null
    : { mode: fallback.mode, until: now + fallback.days * DAY_MS };
}

export function requireUnlocked({ lock }: ObjectVersion, options: { now: number; bypass: boolean }): void {
  if (lock === null || lock.until <= options.now || (lock.mode === "GOVERNANCE" && options.bypass)) return;
  throw new S3Fault(403, "AccessDenied", "access denied because object protected by object lock");
}

export function putLockConfiguration({ state, bucket: name, body }: HandledRequest): Answer {
  const bucket = bucketOf(state, name);
  if (bucket.versioning !== "Enabled")
    throw new S3Fault(409, "InvalidBucketState", "versioning must be 'Enabled' on the bucket");
  const xml = body.toString();
  const years = Number(textOf(xml, "Years") ?? 0);
  bucket.lock = { mode: textOf(xml, "Mode") ?? null, days: Number(textOf(xml, "Days") ?? 0) + years * 365 };
  return { status: 200 };
}

export function getLockConfiguration({ state, bucket: name }: HandledRequest): Answer {
  const { lock } = bucketOf(state, name);
  if (lock === null)
    throw new S3Fault(
      404,
      "ObjectLockConfigurationNotFoundError",
      "object lock configuration does not exist for this bucket",
    );
  const rule: [string, [string, string | number][]] = [
    "DefaultRetention",
    [
      ["Mode", lock.mode ?? ""],
      ["Days", lock.days],
    ],
  ];
  const body = xmlDocument("ObjectLockConfiguration", [
    ["ObjectLockEnabled", "Enabled"],
    ["Rule", lock.mode === null ? undefined : [rule]],
  ]);
  return { status: 200, body };
}

export function putRetention({ state, bucket, key, query, body, headers }: HandledRequest): Answer {
  const version = requireVersion(bucketOf(state, bucket), key, query.get("versionId") ?? undefined);
  const xml = body.toString();
  const until = Date.parse(textOf(xml, "RetainUntilDate") ?? "");
  const bypass = headers["x-amz-bypass-governance-retention"] === "true";
  if (version.lock !== null && until < version.lock.until)
    requireUnlocked(version, { now: state.clock(), bypass });
  version.lock = { mode: textOf(xml, "Mode") ?? "GOVERNANCE", until };
  return { status: 200 };
}

export function getRetention({ state, bucket, key, query }: HandledRequest): Answer {
  const { lock } = requireVersion(bucketOf(state, bucket), key, query.get("versionId") ?? undefined);
  if (lock === null) throw new S3Fault(404, "NoSuchObjectLockConfiguration", "the object has no retention");
  const until = new Date(lock.until).toISOString();
  return {
    status: 200,
    body: xmlDocument("Retention", [
      ["Mode", lock.mode],
      ["RetainUntilDate", until],
    ]),
  };
}
