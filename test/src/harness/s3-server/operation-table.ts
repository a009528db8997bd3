/** Which operation a request is: by method, whether it names a key, and the sub-resource in its query. */
import {
  createBucket,
  deleteBucket,
  deleteObjects,
  getLocation,
  getVersioning,
  headBucket,
  listBuckets,
  listObjects,
  listVersions,
  putVersioning,
} from "./bucket-operations.ts";
import type { Answer, HandledRequest } from "./handled-request.ts";
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  listUploads,
  uploadPart,
} from "./multipart-operations.ts";
import { getLockConfiguration, getRetention, putLockConfiguration, putRetention } from "./object-lock.ts";
import { deleteObject, getObject, putObject } from "./object-operations.ts";
import { restoreObject } from "./storage-class.ts";

export interface Operation {
  /** As the service calls it. */
  name: string;
  run(request: HandledRequest): Answer;
}

/** `METHOD level ?sub-resource`: the first that fits. */
const TABLE: readonly [string, "service" | "bucket" | "object", string, string, Operation["run"]][] = [
  ["GET", "service", "", "ListBuckets", listBuckets],
  ["GET", "bucket", "location", "GetBucketLocation", getLocation],
  ["GET", "bucket", "versioning", "GetBucketVersioning", getVersioning],
  ["PUT", "bucket", "versioning", "PutBucketVersioning", putVersioning],
  ["GET", "bucket", "object-lock", "GetObjectLockConfiguration", getLockConfiguration],
  ["PUT", "bucket", "object-lock", "PutObjectLockConfiguration", putLockConfiguration],
  ["GET", "bucket", "versions", "ListObjectVersions", listVersions],
  ["GET", "bucket", "uploads", "ListMultipartUploads", listUploads],
  ["GET", "bucket", "list-type", "ListObjectsV2", listObjects],
  ["POST", "bucket", "delete", "DeleteObjects", deleteObjects],
  ["PUT", "bucket", "", "CreateBucket", createBucket],
  ["HEAD", "bucket", "", "HeadBucket", headBucket],
  ["DELETE", "bucket", "", "DeleteBucket", deleteBucket],
  ["POST", "object", "uploads", "CreateMultipartUpload", createUpload],
  ["PUT", "object", "partNumber", "UploadPart", uploadPart],
  ["POST", "object", "uploadId", "CompleteMultipartUpload", completeUpload],
  ["DELETE", "object", "uploadId", "AbortMultipartUpload", abortUpload],
  ["GET", "object", "uploadId", "ListParts", listParts],
  ["POST", "object", "restore", "RestoreObject", restoreObject],
  ["PUT", "object", "retention", "PutObjectRetention", putRetention],
  ["GET", "object", "retention", "GetObjectRetention", getRetention],
  ["PUT", "object", "", "PutObject", putObject],
  ["GET", "object", "", "GetObject", getObject],
  ["HEAD", "object", "", "HeadObject", getObject],
  ["DELETE", "object", "", "DeleteObject", deleteObject],
];

/** Undefined when the server has no such operation. */
export function findOperation(
  method: string,
  bucket: string,
  key: string,
  query: URLSearchParams,
): Operation | undefined {
  const level = bucket === "" ? "service" : key === "" ? "bucket" : "object";
  const found = TABLE.find(
    ([wanted, at, sub]) => wanted === method && at === level && (sub === "" || query.has(sub)),
  );
  return found === undefined ? undefined : { name: found[3], run: found[4] };
}
