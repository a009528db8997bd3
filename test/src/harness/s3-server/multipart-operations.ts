/** Uploads in parts. */
import { createHash, randomUUID } from "node:crypto";
import { addVersion, bucketOf, etagOf, type Upload } from "./bucket-state.ts";
import type { Answer, HandledRequest } from "./handled-request.ts";
import { lockOf } from "./object-lock.ts";
import { keptHeaders, requireConditions, storageClassOf } from "./object-operations.ts";
import { S3Fault } from "./s3-fault.ts";
import { elements, textOf, type Xml, xmlDocument } from "./xml.ts";

/** All parts but the last have at least so many bytes. */
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

function uploadOf({ state, bucket, key, query }: HandledRequest): Upload {
  const upload = bucketOf(state, bucket).uploads.get(query.get("uploadId") ?? "");
  if (upload?.key !== key) throw new S3Fault(404, "NoSuchUpload", "the specified upload does not exist");
  return upload;
}

export function createUpload({ state, bucket, key, headers }: HandledRequest): Answer {
  const id = randomUUID();
  const kept = { ...keptHeaders(headers), "x-amz-storage-class": storageClassOf(headers) };
  bucketOf(state, bucket).uploads.set(id, { key, headers: kept, parts: new Map() });
  const body = xmlDocument("InitiateMultipartUploadResult", [
    ["Bucket", bucket],
    ["Key", key],
    ["UploadId", id],
  ]);
  return { status: 200, body };
}

export function uploadPart(request: HandledRequest): Answer {
  const { query, body, checksum } = request;
  const upload = uploadOf(request);
  const number = Number(query.get("partNumber"));
  if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS)
    throw new S3Fault(
      400,
      "InvalidArgument",
      "part number must be an integer between 1 and 10000, inclusive",
    );
  const etag = etagOf(body);
  upload.parts.set(number, { bytes: body, etag, modified: Date.now() });
  return {
    status: 200,
    headers: { etag, ...(checksum === null ? {} : { [checksum.name]: checksum.value }) },
  };
}

export function completeUpload(request: HandledRequest): Answer {
  const { state, key, headers, query } = request;
  const bucket = bucketOf(state, request.bucket);
  const upload = uploadOf(request);
  requireConditions(request);
  const wanted = elements(request.body.toString(), "Part").map((part) => ({
    number: Number(textOf(part, "PartNumber")),
    etag: textOf(part, "ETag"),
  }));
  if (wanted.length === 0) throw new S3Fault(400, "MalformedXML", "no parts");
  if (wanted.some(({ number }, at) => at > 0 && number <= (wanted[at - 1]?.number ?? 0)))
    throw new S3Fault(400, "InvalidPartOrder", "parts must ascend");
  const parts = wanted.map(({ number, etag }, at) => {
    const part = upload.parts.get(number);
    if (part === undefined || part.etag.replaceAll('"', "") !== etag?.replaceAll('"', ""))
      throw new S3Fault(400, "InvalidPart", `part ${number} could not be found`);
    if (at < wanted.length - 1 && part.bytes.length < MIN_PART_BYTES)
      throw new S3Fault(
        400,
        "EntityTooSmall",
        "your proposed upload is smaller than the minimum allowed size",
      );
    return part;
  });
  const md5 = createHash("md5");
  for (const { etag } of parts) md5.update(Buffer.from(etag.replaceAll('"', ""), "hex"));
  const { "x-amz-storage-class": storageClass = "STANDARD", ...kept } = upload.headers;
  const added = addVersion(bucket, {
    key,
    deleted: false,
    body: Buffer.concat(parts.map(({ bytes }) => bytes)),
    etag: `"${md5.digest("hex")}-${parts.length}"`,
    modified: Date.now(),
    headers: kept,
    storageClass,
    checksum: null,
    thaw: null,
    lock: lockOf(bucket, headers, state.clock()),
  });
  bucket.uploads.delete(query.get("uploadId") ?? "");
  const content: Xml[] = [
    ["Bucket", request.bucket],
    ["Key", key],
    ["ETag", added.etag],
  ];
  return { status: 200, body: xmlDocument("CompleteMultipartUploadResult", content) };
}

export function abortUpload(request: HandledRequest): Answer {
  uploadOf(request);
  bucketOf(request.state, request.bucket).uploads.delete(request.query.get("uploadId") ?? "");
  return { status: 204 };
}

export function listParts(request: HandledRequest): Answer {
  const { parts } = uploadOf(request);
  const listed = [...parts]
    .sort(([a], [b]) => a - b)
    .map(([number, { etag, bytes, modified }]): Xml => {
      const when = new Date(modified).toISOString();
      return [
        "Part",
        [
          ["PartNumber", number],
          ["ETag", etag],
          ["Size", bytes.length],
          ["LastModified", when],
        ],
      ];
    });
  return { status: 200, body: xmlDocument("ListPartsResult", [["IsTruncated", false], ...listed]) };
}

export function listUploads({ state, bucket }: HandledRequest): Answer {
  const uploads = [...bucketOf(state, bucket).uploads].map(([id, { key }]): Xml => {
    return [
      "Upload",
      [
        ["Key", key],
        ["UploadId", id],
      ],
    ];
  });
  return {
    status: 200,
    body: xmlDocument("ListMultipartUploadsResult", [["IsTruncated", false], ...uploads]),
  };
}
