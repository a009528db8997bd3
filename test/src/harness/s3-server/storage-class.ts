/** Cold storage classes: an object is read only while a restored copy of it is there. */
import { bucketOf, type ObjectVersion, requireVersion } from "./bucket-state.ts";
import type { Answer, HandledRequest } from "./handled-request.ts";
import { S3Fault } from "./s3-fault.ts";
import { textOf } from "./xml.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How long a restore takes, by class and tier. */
const WAITS: Record<string, Record<string, number>> = {
  GLACIER: { Expedited: HOUR_MS / 20, Standard: 4 * HOUR_MS, Bulk: 8 * HOUR_MS },
  DEEP_ARCHIVE: { Standard: 12 * HOUR_MS, Bulk: 48 * HOUR_MS },
};

function isThawed({ thaw }: ObjectVersion, now: number): boolean {
  return thaw !== null && thaw.readyAt <= now && now < thaw.readyAt + thaw.days * DAY_MS;
}

export function requireReadable(version: ObjectVersion, now: number): void {
  if (WAITS[version.storageClass] === undefined || isThawed(version, now)) return;
  throw new S3Fault(403, "InvalidObjectState", "the operation is not valid for the object's storage class");
}

/** What HEAD and GET say of a restore. */
export function restoreHeader(version: ObjectVersion, now: number): Record<string, string> {
  const { thaw } = version;
  if (thaw === null) return {};
  if (now < thaw.readyAt) return { "x-amz-restore": 'ongoing-request="true"' };
  if (!isThawed(version, now)) return {};
  const expiry = new Date(thaw.readyAt + thaw.days * DAY_MS).toUTCString();
  return { "x-amz-restore": `ongoing-request="false", expiry-date="${expiry}"` };
}

export function restoreObject({ state, bucket, key, query, body }: HandledRequest): Answer {
  const version = requireVersion(bucketOf(state, bucket), key, query.get("versionId") ?? undefined);
  const waits = WAITS[version.storageClass];
  const now = state.clock();
  if (waits === undefined)
    throw new S3Fault(
      403,
      "InvalidObjectState",
      "restore is not allowed for the object's current storage class",
    );
  const xml = body.toString();
  const tier = textOf(xml, "Tier") ?? "Standard";
  const days = Number(textOf(xml, "Days"));
  const wait = waits[tier];
  if (!Number.isInteger(days) || days < 1 || wait === undefined)
    throw new S3Fault(
      400,
      "InvalidArgument",
      `no restore of ${version.storageClass} is ${tier} for ${days} days`,
    );
  if (version.thaw !== null && now < version.thaw.readyAt)
    throw new S3Fault(409, "RestoreAlreadyInProgress", "object restore is already in progress");
  const again = isThawed(version, now);
  version.thaw = { tier, days, readyAt: again ? (version.thaw?.readyAt ?? now) : now + wait };
  return { status: again ? 200 : 202 };
}
