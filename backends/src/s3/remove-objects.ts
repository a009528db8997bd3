/** Deletes objects, up to 1,000 with one request. */
import type { S3Connection } from "./s3-connection.ts";

const BATCH = 1000;

/** Gone when it resolves; those that are not there are no error. */
export async function removeObjects(connection: S3Connection, names: readonly string[]): Promise<void> {
  const { bucket, prefix } = connection.options;
  for (let at = 0; at < names.length; at += BATCH) {
    const Objects = names.slice(at, at + BATCH).map((name) => ({ Key: prefix + name }));
    await connection.request("delete", `${prefix}${names[at]}`, async (client, sdk) => {
      const { Errors } = await client.send(
        new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
      );
      const [first] = Errors ?? [];
      if (first === undefined) return;
      // In the form of an answer that failed as a whole: it is judged like one.
      throw Object.assign(new Error(`${first.Message} (${first.Key})`), { name: first.Code ?? "" });
    });
  }
}
