/** The options of `s3: { ... }`. */
import type { BackendOptions } from "../backend-options.ts";
import { configError } from "../backend-options.ts";

/** Classes whose objects must be restored before they can be read. */
const COLD_CLASSES: readonly string[] = ["GLACIER", "DEEP_ARCHIVE"];
const STORAGE_CLASSES: readonly string[] = [
  "STANDARD",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
  ...COLD_CLASSES,
];
const KIB = 1024;
const MIB = 1024 * KIB;

/** All options, checked. */
export interface S3Options {
  bucket: string;
  /** Empty, or what all object names begin with. */
  prefix: string;
  endpoint: string | null;
  region: string | null;
  /** The bucket as the first part of the path, not of the host. */
  pathStyle: boolean;
  /** Null: the SDK's own chain of environment, profile, container and instance. */
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | null;
  /** Of data packs; null: the bucket's default. Nodes and log are never in a cold one. */
  storageClass: string | null;
  cold: boolean;
  /** Days for which a restored copy of a cold pack can be read. */
  restoreDays: number;
  serverSideEncryption: string | null;
  kmsKeyId: string | null;
  checksums: "when-supported" | "when-required";
  /** Packs that are uploaded at once; and ranges that are read at once. */
  parallel: number;
  /** Milliseconds without a byte after which a request has failed. */
  timeout: number;
  maxRetries: number;
  /** Milliseconds for which an endpoint that is away is tried again. */
  patience: number;
  /** Milliseconds, see BackOff. */
  retryDelay: number;
  /** Bytes a second each way; 0: no limit. */
  bandwidth: number;
  /** Bytes of copies of packs on the local disk; 0: none. */
  cache: number;
  /** Bytes of records after which a pack is sealed. */
  packBytes: number;
}

function choice(options: BackendOptions, key: string, choices: readonly string[], fallback: string): string {
  const found = options.text(key, fallback);
  if (choices.includes(found)) return found;
  throw configError(`${options.at}.${key}`, `expected one of ${choices.join(", ")}`);
}

function optional(options: BackendOptions, key: string): string | null {
  // No text of a configuration begins with a line end.
  const found = options.text(key, "\n");
  return found === "\n" ? null : found;
}

function credentialsOf(options: BackendOptions): S3Options["credentials"] {
  const accessKeyId = optional(options, "accessKeyId");
  const secretAccessKey = optional(options, "secretAccessKey");
  const sessionToken = optional(options, "sessionToken");
  if (accessKeyId === null && secretAccessKey === null && sessionToken === null) return null;
  if (accessKeyId === null || secretAccessKey === null)
    throw configError(options.at, "accessKeyId and secretAccessKey belong together");
  return { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) };
}

function prefixOf(options: BackendOptions): string {
  const prefix = optional(options, "prefix") ?? "";
  if (prefix.startsWith("/")) throw configError(`${options.at}.prefix`, "must not begin with a slash");
  return prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
}

/** Takes all of them; `replaceable` as in BackendContext. Throws USAGE. */
export function readS3Options(options: BackendOptions, replaceable = false): S3Options {
  const integer = (key: string, min: number, max: number, fallback: number): number =>
    options.integer(key, { min, max, fallback });
  const endpoint = optional(options, "endpoint");
  if (endpoint !== null && !/^https?:\/\/./.test(endpoint))
    throw configError(`${options.at}.endpoint`, "expected a URL such as https://s3.example.org");
  const storageClass = optional(options, "storageClass");
  if (storageClass !== null) choice(options, "storageClass", STORAGE_CLASSES, "STANDARD");
  const read: S3Options = {
    bucket: options.text("bucket"),
    prefix: prefixOf(options),
    endpoint,
    region: optional(options, "region"),
    // Hosts such as bucket.localhost rarely resolve: other endpoints than Amazon's are mostly addressed by path.
    pathStyle: options.flag("pathStyle", endpoint !== null),
    credentials: credentialsOf(options),
    storageClass,
    cold: storageClass !== null && COLD_CLASSES.includes(storageClass),
    restoreDays: integer("restoreDays", 1, 365, 7),
    serverSideEncryption: optional(options, "serverSideEncryption"),
    kmsKeyId: optional(options, "kmsKeyId"),
    checksums: choice(options, "checksums", ["when-supported", "when-required"], "when-supported") as never,
    parallel: integer("parallel", 1, 64, 4),
    timeout: integer("timeout", 1, 3600, 60) * 1000,
    maxRetries: integer("maxRetries", 0, 100, 10),
    patience: integer("retrySeconds", 0, 86_400, replaceable ? 15 : 120) * 1000,
    retryDelay: integer("retryDelay", 1, 60_000, 200),
    bandwidth: integer("bandwidth", 0, 1e12, 0),
    cache: integer("cache", 0, 1e15, 1024 * MIB),
    packBytes: integer("packBytes", KIB, 1024 * MIB, 16 * MIB),
  };
  options.done();
  return read;
}
