/** Writes an object under a name that nothing has: at once, or in parts when it is large. */
import { BackendUnavailableError } from "@datadb/protocol";
import { bodyParameters, type S3Connection, type Send } from "./s3-connection.ts";
import { NotImplementedByService, ObjectExists } from "./service-error.ts";

/** Above it a body goes in parts, of this size. */
const PART_BYTES = 32 * 1024 * 1024;

type Conditions = Record<string, never> | { IfNoneMatch: "*" };

/** One object on its way. */
interface Outgoing {
  readonly connection: S3Connection;
  readonly target: { Bucket: string; Key: string };
  readonly body: Buffer;
  readonly kept: Record<string, unknown>;
  readonly conditions: Conditions;
}

/** What this process learned about the service. */
export interface ServiceTraits {
  /** If-None-Match is understood, as far as is known. */
  conditions: boolean;
}

function keptAs({ options }: S3Connection, storageClass: string | null): Record<string, unknown> {
  const { serverSideEncryption, kmsKeyId } = options;
  return {
    ContentType: "application/octet-stream",
    ...(storageClass === null ? {} : { StorageClass: storageClass }),
    ...(serverSideEncryption === null ? {} : { ServerSideEncryption: serverSideEncryption }),
    ...(kmsKeyId === null ? {} : { SSEKMSKeyId: kmsKeyId }),
  };
}

/**
 * The last step of a write. An attempt whose answer was lost may have done it: the next one then meets the object, or misses the upload.
 * The name is random, so what is there in full length is ours.
 */
async function finish(
  { connection, target, body }: Outgoing,
  what: string,
  bytes: number,
  send: Send<unknown>,
): Promise<void> {
  let attempts = 0;
  const counted: Send<unknown> = (...given) => {
    attempts += 1;
    return send(...given);
  };
  try {
    await connection.request(what, target.Key, counted, { bytes });
  } catch (error) {
    if (error instanceof NotImplementedByService) throw error;
    const there = attempts > 1 ? await sizeOf(connection, target).catch(() => null) : null;
    if (there === body.length) return;
    if (!(error instanceof ObjectExists)) throw error;
    throw new BackendUnavailableError(
      `${connection.place(target.Key)} is there already, and was not written by this process`,
    );
  }
}

async function sizeOf(connection: S3Connection, target: Outgoing["target"]): Promise<number | null> {
  const found = await connection.request("look at", target.Key, (client, sdk) =>
    client.send(new sdk.HeadObjectCommand(target)),
  );
  return found.ContentLength ?? null;
}

function putWhole(outgoing: Outgoing): Promise<void> {
  const { connection, target, body, kept, conditions } = outgoing;
  const send: Send<unknown> = (client, sdk) =>
    client.send(
      new sdk.PutObjectCommand({ ...target, ...kept, ...conditions, ...bodyParameters(connection, body) }),
    );
  return finish(outgoing, "write", body.length, send);
}

async function putParts(outgoing: Outgoing): Promise<void> {
  const { connection, target, body, kept, conditions } = outgoing;
  const checked = connection.options.checksums === "when-supported";
  const { UploadId } = await connection.request("begin the upload of", target.Key, (client, sdk) =>
    client.send(
      new sdk.CreateMultipartUploadCommand({
        ...target,
        ...kept,
        ...(checked ? { ChecksumAlgorithm: "CRC32" as const } : {}),
      }),
    ),
  );
  const upload = { ...target, UploadId };
  const sendPart = async (at: number) => {
    const part = body.subarray(at, at + PART_BYTES);
    const PartNumber = at / PART_BYTES + 1;
    const { ETag, ChecksumCRC32 } = await connection.request(
      "write a part of",
      target.Key,
      (client, sdk) =>
        client.send(
          new sdk.UploadPartCommand({ ...upload, PartNumber, ...bodyParameters(connection, part) }),
        ),
      { bytes: part.length },
    );
    return { PartNumber, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
  };
  try {
    const Parts: Awaited<ReturnType<typeof sendPart>>[] = [];
    for (let at = 0; at < body.length; at += PART_BYTES) Parts.push(await sendPart(at));
    const MultipartUpload = { Parts };
    await finish(outgoing, "end the upload of", 0, (client, sdk) =>
      client.send(new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload, ...conditions })),
    );
  } catch (error) {
    await connection
      .request("give up the upload of", target.Key, (client, sdk) =>
        client.send(new sdk.AbortMultipartUploadCommand(upload)),
      )
      .catch(() => {});
    throw error;
  }
}

/**
 * Durable when it resolves; `name` with the prefix. Names are random, so nothing is ever overwritten; where the service understands
 * conditions, it makes sure of that. Rejects with those of S3Connection.
 */
export function putObject(
  connection: S3Connection,
  name: string,
  body: Buffer,
  storageClass: string | null,
  traits: ServiceTraits,
): Promise<void> {
  const put = body.length > PART_BYTES ? putParts : putWhole;
  const target = { Bucket: connection.options.bucket, Key: name };
  const outgoing = { connection, target, body, kept: keptAs(connection, storageClass) };
  return connection.upload(async () => {
    if (traits.conditions) {
      try {
        return await put({ ...outgoing, conditions: { IfNoneMatch: "*" } });
      } catch (error) {
        if (!(error instanceof NotImplementedByService)) throw error;
        traits.conditions = false;
      }
    }
    await put({ ...outgoing, conditions: {} });
  });
}
