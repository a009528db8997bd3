// The strict S3 server against the real SDK: what it accepts, and what it refuses.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  RestoreObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomOf } from "../random.ts";
import { type S3Server, startS3Server } from "./start-s3-server.ts";

const HOUR_MS = 3_600_000;
const random = randomOf("s3-server");
let now = Date.now();
let server: S3Server;
let client: S3Client;

function connect(changes: S3ClientConfig = {}): S3Client {
  const { endpoint, region, credentials } = server;
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1, ...changes });
}

beforeAll(async () => {
  server = await startS3Server({ buckets: ["bucket"], clock: () => now });
  client = connect();
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

const at = (Key: string) => ({ Bucket: "bucket", Key });
const bodyOf = async (Key: string, Range?: string): Promise<Buffer> => {
  const { Body } = await client.send(new GetObjectCommand({ ...at(Key), ...(Range ? { Range } : {}) }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
const refused = (name: string, httpStatusCode: number) => ({ name, $metadata: { httpStatusCode } });

describe("objects", () => {
  test("bytes and metadata come back, with names that need escaping", async () => {
    const body = random.bytes(100_000);
    const key = "a folder/ü + (*)!'&=?.bin";
    await client.send(new PutObjectCommand({ ...at(key), Body: body, Metadata: { a: "1" } }));
    expect((await bodyOf(key)).equals(body)).toBe(true);
    const head = await client.send(new HeadObjectCommand(at(key)));
    expect(head).toMatchObject({ ContentLength: body.length, Metadata: { a: "1" } });
    expect(head.ETag).toBe(`"${createHash("md5").update(body).digest("hex")}"`);
  });

  test("a stream is sent in chunks with a checksum behind them", async () => {
    const body = random.bytes(200_000);
    await client.send(
      new PutObjectCommand({ ...at("stream"), Body: Readable.from([body]), ContentLength: body.length }),
    );
    expect((await bodyOf("stream")).equals(body)).toBe(true);
  });

  test("ranges: inside, to the end, the last bytes, beyond", async () => {
    await client.send(new PutObjectCommand({ ...at("ranged"), Body: "0123456789" }));
    expect(String(await bodyOf("ranged", "bytes=2-4"))).toBe("234");
    expect(String(await bodyOf("ranged", "bytes=7-99"))).toBe("789");
    expect(String(await bodyOf("ranged", "bytes=-3"))).toBe("789");
    await expect(bodyOf("ranged", "bytes=10-11")).rejects.toMatchObject(refused("InvalidRange", 416));
  });

  test("what is not there is NoSuchKey, or NoSuchBucket", async () => {
    await expect(bodyOf("absent")).rejects.toMatchObject(refused("NoSuchKey", 404));
    const elsewhere = new GetObjectCommand({ Bucket: "absent", Key: "x" });
    await expect(client.send(elsewhere)).rejects.toMatchObject(refused("NoSuchBucket", 404));
  });

  test("conditions hold", async () => {
    const put = (conditions: object) =>
      client.send(new PutObjectCommand({ ...at("once"), Body: "x", ...conditions }));
    const { ETag } = await put({ IfNoneMatch: "*" });
    await expect(put({ IfNoneMatch: "*" })).rejects.toMatchObject(refused("PreconditionFailed", 412));
    await expect(put({ IfMatch: '"0"' })).rejects.toMatchObject(refused("PreconditionFailed", 412));
    await put({ IfMatch: ETag });
  });
});

describe("what is refused", () => {
  const put = (changes: S3ClientConfig) =>
    connect(changes).send(new PutObjectCommand({ ...at("never"), Body: "x" }));

  test("a wrong secret, an unknown key, another region, a token that is not this one", async () => {
    const { accessKeyId, secretAccessKey } = server.credentials;
    const wrong = { accessKeyId, secretAccessKey: "guessed" };
    await expect(put({ credentials: wrong })).rejects.toMatchObject(refused("SignatureDoesNotMatch", 403));
    const unknown = { accessKeyId: "nobody", secretAccessKey };
    await expect(put({ credentials: unknown })).rejects.toMatchObject(refused("InvalidAccessKeyId", 403));
    await expect(put({ region: "eu-west-1" })).rejects.toMatchObject(
      refused("AuthorizationHeaderMalformed", 400),
    );
    const token = { accessKeyId, secretAccessKey, sessionToken: "old" };
    await expect(put({ credentials: token })).rejects.toMatchObject(refused("InvalidToken", 403));
  });

  test("a body that is not as its checksum, its hash or its signature says", async () => {
    for (const wrong of [{ ChecksumCRC32: "AAAAAA==" }, { ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==" }]) {
      const command = new PutObjectCommand({ ...at("never"), Body: "x", ...wrong });
      await expect(client.send(command)).rejects.toMatchObject(refused("BadDigest", 400));
    }
    server.plan({ seed: 1, probability: 1, kinds: ["garble"] });
    await expect(put({})).rejects.toMatchObject(refused("XAmzContentSHA256Mismatch", 400));
    server.plan(null);
    await expect(bodyOf("never")).rejects.toMatchObject(refused("NoSuchKey", 404));
  });

  test("a request without a signature, and an expired key", async () => {
    expect((await fetch(`${server.endpoint}/bucket/ranged`)).status).toBe(403);
    const credentials = { accessKeyId: "short-lived", secretAccessKey: "s", sessionToken: "t" };
    server.addCredentials(credentials);
    await connect({ credentials }).send(new PutObjectCommand({ ...at("lived"), Body: "x" }));
    server.expire("short-lived");
    await expect(put({ credentials })).rejects.toMatchObject(refused("ExpiredToken", 400));
  });
});

describe("lists and deletes", () => {
  test("more than a page of keys, in order, by prefix, from a key on, in groups", async () => {
    const bucket = server.createBucket("many");
    const keys = Array.from({ length: 1003 }, (_, index) => `p/${String(index).padStart(4, "0")}`);
    await client.send(new PutObjectCommand({ Bucket: "many", Key: "q", Body: "x" }));
    const [template] = bucket.objects.get("q") ?? [];
    for (const key of keys) bucket.objects.set(key, [{ ...template!, key }]);
    const first = await client.send(new ListObjectsV2Command({ Bucket: "many", Prefix: "p/" }));
    expect(first).toMatchObject({ KeyCount: 1000, IsTruncated: true });
    const rest = { Bucket: "many", Prefix: "p/", ContinuationToken: first.NextContinuationToken };
    const second = await client.send(new ListObjectsV2Command(rest));
    const found = [...(first.Contents ?? []), ...(second.Contents ?? [])].map(({ Key }) => Key);
    expect(found).toEqual(keys);
    const after = { Bucket: "many", StartAfter: "p/1000", MaxKeys: 5 };
    const some = (await client.send(new ListObjectsV2Command(after))).Contents?.map(({ Key }) => Key);
    expect(some).toEqual(["p/1001", "p/1002", "q"]);
    const groups = await client.send(new ListObjectsV2Command({ Bucket: "many", Delimiter: "/" }));
    expect(groups.CommonPrefixes).toEqual([{ Prefix: "p/" }]);
    const Objects = keys.slice(0, 1000).map((Key) => ({ Key }));
    const gone = await client.send(new DeleteObjectsCommand({ Bucket: "many", Delete: { Objects } }));
    expect(gone.Deleted).toHaveLength(1000);
    expect(bucket.objects.size).toBe(4);
  });
});

describe("uploads in parts", () => {
  const begin = async (Key: string) => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(at(Key)));
    return { ...at(Key), UploadId };
  };

  test("parts in any order make one object; short ones in the middle are refused", async () => {
    const upload = await begin("large");
    const parts = [random.bytes(5 * 1024 * 1024), random.bytes(1000)];
    const sent: { PartNumber: number; ETag: string | undefined }[] = [];
    for (const PartNumber of [2, 1]) {
      const command = new UploadPartCommand({ ...upload, PartNumber, Body: parts[PartNumber - 1]! });
      sent.unshift({ PartNumber, ETag: (await client.send(command)).ETag });
    }
    expect((await client.send(new ListPartsCommand(upload))).Parts).toHaveLength(2);
    const complete = (Parts: typeof sent) =>
      client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    await expect(complete([sent[1]!, sent[0]!])).rejects.toMatchObject(refused("InvalidPartOrder", 400));
    await expect(complete([{ PartNumber: 1, ETag: '"0"' }])).rejects.toMatchObject(
      refused("InvalidPart", 400),
    );
    expect((await complete(sent)).ETag).toMatch(/-2"$/);
    expect((await bodyOf("large")).equals(Buffer.concat(parts))).toBe(true);

    const short = await begin("short");
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await client.send(new UploadPartCommand({ ...short, PartNumber, Body: "x" }));
      Parts.push({ PartNumber, ETag });
    }
    const end = new CompleteMultipartUploadCommand({ ...short, MultipartUpload: { Parts } });
    await expect(client.send(end)).rejects.toMatchObject(refused("EntityTooSmall", 400));
    await client.send(new AbortMultipartUploadCommand(short));
    await expect(client.send(new ListPartsCommand(short))).rejects.toMatchObject(
      refused("NoSuchUpload", 404),
    );
  });
});

describe("what protects and what is cold", () => {
  test("versions stay when a key is deleted, and locked ones cannot be deleted", async () => {
    server.createBucket("locked");
    const Bucket = "locked";
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
    const Rule = { DefaultRetention: { Mode: "COMPLIANCE" as const, Days: 3 } };
    const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled" as const, Rule };
    await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe("Enabled");
    const lock = await client.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(lock.ObjectLockConfiguration?.Rule?.DefaultRetention).toEqual({ Mode: "COMPLIANCE", Days: 3 });

    const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "1" }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
    await expect(client.send(new GetObjectCommand({ Bucket, Key: "k" }))).rejects.toMatchObject(
      refused("NoSuchKey", 404),
    );
    const versions = await client.send(new ListObjectVersionsCommand({ Bucket }));
    expect([versions.Versions?.length, versions.DeleteMarkers?.length]).toEqual([1, 1]);
    const erase = new DeleteObjectCommand({ Bucket, Key: "k", VersionId });
    await expect(client.send(erase)).rejects.toMatchObject(refused("AccessDenied", 403));
    now += 4 * 24 * HOUR_MS;
    await client.send(erase);
  });

  test("a cold object is read only after a restore, when that is done, and for as many days", async () => {
    await client.send(new PutObjectCommand({ ...at("cold"), Body: "ice", StorageClass: "DEEP_ARCHIVE" }));
    await expect(bodyOf("cold")).rejects.toMatchObject(refused("InvalidObjectState", 403));
    const restore = (Tier: "Bulk" | "Expedited") =>
      client.send(
        new RestoreObjectCommand({
          ...at("cold"),
          RestoreRequest: { Days: 1, GlacierJobParameters: { Tier } },
        }),
      );
    await expect(restore("Expedited")).rejects.toMatchObject(refused("InvalidArgument", 400));
    await restore("Bulk");
    await expect(restore("Bulk")).rejects.toMatchObject(refused("RestoreAlreadyInProgress", 409));
    const state = async () => (await client.send(new HeadObjectCommand(at("cold")))).Restore;
    expect(await state()).toBe('ongoing-request="true"');
    now += 48 * HOUR_MS;
    expect(await state()).toMatch(/^ongoing-request="false", expiry-date=/);
    expect(String(await bodyOf("cold"))).toBe("ice");
    now += 24 * HOUR_MS;
    await expect(bodyOf("cold")).rejects.toMatchObject(refused("InvalidObjectState", 403));
  });
});

test("faults come as planned, and are counted with the rest", async () => {
  await client.send(new PutObjectCommand({ ...at("f"), Body: random.bytes(1000) }));
  server.resetCounts();
  const outcomes: string[] = [];
  for (const kind of ["drop", "500", "503", "truncate"] as const) {
    server.plan({ seed: 7, probability: 1, kinds: [kind], operations: ["GetObject"] });
    outcomes.push(
      await bodyOf("f").then(
        () => "fine",
        (error: Error) => error.name,
      ),
    );
  }
  expect(outcomes.slice(1, 3)).toEqual(["InternalError", "SlowDown"]);
  expect([outcomes[0], outcomes[3]]).not.toContain("fine");
  server.plan(null);
  server.setDown(true);
  await expect(bodyOf("f")).rejects.toThrow();
  server.setDown(false);
  expect(await bodyOf("f")).toHaveLength(1000);
  expect(server.counts()["GetObject"]).toMatchObject({ requests: 5, received: 0 });
});
