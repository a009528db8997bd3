/** Whether the bucket keeps what somebody deletes or overwrites: its own settings, in words for a person. */
import { DatadbError } from "@datadb/protocol";
import type { Send } from "./s3-connection.ts";
import { NotImplementedByService, ObjectMissing } from "./service-error.ts";
import type { Bucket } from "./shelf.ts";

type Setting<T> = T | "unknown" | "none";

/** What the service says of a setting; `unknown` when it does not, `none` when there is no such thing. */
async function setting<T>({ connection }: Bucket, what: string, send: Send<T>): Promise<Setting<T>> {
  try {
    return await connection.request(what, connection.options.prefix, send);
  } catch (error) {
    if (error instanceof NotImplementedByService || error instanceof ObjectMissing) return "none";
    if (!(error instanceof DatadbError)) throw error;
    // Not every service has these settings, nor every key the right to see them: no reason to end a check.
    return error.fields["reason"] === "ObjectLockConfigurationNotFoundError" ? "none" : "unknown";
  }
}

function lockSentence(lock: Setting<{ mode?: string | undefined; days: number }>): string {
  if (lock === "unknown")
    return "object lock is not known (the key needs s3:GetBucketObjectLockConfiguration)";
  if (lock === "none") return "object lock is off, so whoever has the key can delete backups for good";
  if (lock.mode === undefined) return "object lock is on, but no retention is set, so it protects nothing";
  const who = lock.mode === "COMPLIANCE" ? "by nobody" : "only with a right of its own";
  return `object lock keeps every version for ${lock.days} days, to be shortened ${who} (${lock.mode})`;
}

function versioningSentence(status: Setting<string | undefined>): string {
  if (status === "unknown") return "versioning is not known (the key needs s3:GetBucketVersioning)";
  if (status === "Enabled") return "versioning is on";
  return "versioning is off, so what is deleted is gone at once";
}

/** See Backend.protection. */
export async function readProtection(place: Bucket): Promise<string[]> {
  const { bucket: Bucket } = place.connection.options;
  const versioning = await setting(place, "ask for the versioning of", async (client, sdk) => {
    return (await client.send(new sdk.GetBucketVersioningCommand({ Bucket }))).Status as string | undefined;
  });
  const lock = await setting(place, "ask for the object lock of", async (client, sdk) => {
    const { ObjectLockConfiguration } = await client.send(
      new sdk.GetObjectLockConfigurationCommand({ Bucket }),
    );
    const { Mode, Days, Years } = ObjectLockConfiguration?.Rule?.DefaultRetention ?? {};
    return { mode: Mode as string | undefined, days: (Days ?? 0) + 365 * (Years ?? 0) };
  });
  return [`${place.description}: ${versioningSentence(versioning)}; ${lockSentence(lock)}`];
}
