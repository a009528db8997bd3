/** Reads an object, or a part of one. */
import type { Readable } from "node:stream";
import { collectBody, type Range, type S3Connection } from "./s3-connection.ts";
import { CutBody } from "./service-error.ts";

/** Bytes of an object, and how many it has altogether. */
export interface ObjectBytes {
  bytes: Buffer;
  size: number;
}

function rangeHeader(range: Range): string {
  return "last" in range ? `bytes=-${range.last}` : `bytes=${range.from}-${range.to - 1}`;
}

/** Bytes from `from` to `to`, excluded, as the answer says. */
function sizeOf(contentRange: string | undefined, length: number): number {
  const [, total] = /\/(\d+)$/.exec(contentRange ?? "") ?? [];
  return total === undefined ? length : Number(total);
}

/** What is there of the range; a range beyond the end brings less. Rejects with ObjectMissing, COLD_DATA and those of S3Connection. */
export function getObject(
  connection: S3Connection,
  name: string,
  range?: Range,
  signal?: AbortSignal,
): Promise<ObjectBytes> {
  const { options } = connection;
  return connection.download(() =>
    connection.request(
      "read",
      name,
      async (client, sdk, abortSignal) => {
        const input = {
          Bucket: options.bucket,
          Key: name,
          ...(range === undefined ? {} : { Range: rangeHeader(range) }),
        };
        const reply = await client.send(
          new sdk.GetObjectCommand(input),
          abortSignal === undefined ? {} : { abortSignal },
        );
        const length = reply.ContentLength ?? 0;
        if (range !== undefined && reply.ContentRange === undefined)
          throw new CutBody("the service ignores ranges, or a proxy takes them away");
        const bytes = await collectBody(connection, reply.Body as Readable, length);
        return { bytes, size: sizeOf(reply.ContentRange, length) };
      },
      { signal },
    ),
  );
}
