/** Names and sizes of objects, in order of their names. */
import type { S3Connection } from "./s3-connection.ts";

export interface ListedObject {
  /** Without the prefix of the store. */
  name: string;
  size: number;
}

/** Those whose names begin with `beginning`, from the one after `after` on; pages of up to 1,000. */
export async function* listObjects(
  connection: S3Connection,
  beginning: string,
  after?: string,
  signal?: AbortSignal,
): AsyncGenerator<ListedObject> {
  const { bucket, prefix } = connection.options;
  let token: string | undefined;
  do {
    const input = {
      Bucket: bucket,
      Prefix: prefix + beginning,
      ...(token === undefined ? {} : { ContinuationToken: token }),
      ...(after === undefined || token !== undefined ? {} : { StartAfter: prefix + after }),
    };
    const page = await connection.request(
      "list",
      prefix + beginning,
      (client, sdk, abortSignal) =>
        client.send(new sdk.ListObjectsV2Command(input), abortSignal === undefined ? {} : { abortSignal }),
      { signal },
    );
    for (const { Key, Size } of page.Contents ?? []) {
      if (Key !== undefined) yield { name: Key.slice(prefix.length), size: Size ?? 0 };
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}
