/** The few requests that the backend makes of a bucket: tried again when that helps, counted, and with errors that a person understands. */

import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import { graceAfter } from "../end-grace.ts";
import { type BackOff, type Outlook, withBackOff } from "./back-off.ts";
import { createPace, type Pace, pacedBody } from "./bandwidth.ts";
import { createLimit, type Limit } from "./limit.ts";
import type { S3Options } from "./s3-options.ts";
import { areExpired, CutBody, outlookOf, translateServiceError } from "./service-error.ts";

const MAX_DELAY_MS = 20_000;
const CONNECT_MS = 10_000;
/** Between two looks for newer credentials. */
const RENEW_MS = 60_000;
/** An endpoint that is away for longer is worth a word. */
const NOTE_MS = 3000;

type Sdk = typeof import("@aws-sdk/client-s3");

/** One attempt at a request. */
export type Send<T> = (client: S3Client, sdk: Sdk, signal: AbortSignal | undefined) => Promise<T>;

/** Bytes of an object: from `from` up to `to`, excluded, or the `last` ones. */
export type Range = { from: number; to: number } | { last: number };

/** Running totals since open. */
interface RequestCounts {
  requests: number;
  retries: number;
  sent: number;
  received: number;
}

/** What requests share. */
export interface S3Connection {
  readonly options: S3Options;
  readonly counts: RequestCounts;
  readonly upload: Limit;
  readonly download: Limit;
  readonly sendPace: Pace | null;
  readonly receivePace: Pace | null;
  /** `s3://bucket/name`, for messages. */
  place(name: string): string;
  /**
   * One request, tried again while that may help. `bytes`: those of the body that it sends. Rejects with DatadbErrors, or with the classes
   * of service-error.
   */
  request<T>(
    what: string,
    name: string,
    send: Send<T>,
    details?: { bytes?: number; signal?: AbortSignal | undefined },
  ): Promise<T>;
  close(): void;
}

function clientOf(sdk: Sdk, options: S3Options): S3Client {
  const { endpoint, region, credentials, pathStyle, checksums, timeout, parallel } = options;
  return new sdk.S3Client({
    region: region ?? process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"] ?? "us-east-1",
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials }),
    forcePathStyle: pathStyle,
    // Retries are our own: bodies that come damaged or short are tried again as well.
    maxAttempts: 1,
    requestChecksumCalculation: checksums === "when-supported" ? "WHEN_SUPPORTED" : "WHEN_REQUIRED",
    // Records have checksums of their own.
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: timeout,
      httpAgent: { keepAlive: true, maxSockets: 4 * parallel },
      httpsAgent: { keepAlive: true, maxSockets: 4 * parallel },
    },
  });
}

/** Who is told of an endpoint that is away, and who ends the waiting for it. */
interface Waiting {
  warn(message: string): void;
  signal?: AbortSignal | undefined;
}

/** A connection; nothing is sent yet. */
export async function connectS3(options: S3Options, { warn, signal: end }: Waiting): Promise<S3Connection> {
  // Half of the time of `datadb ls` on a store in a directory: loaded only where there is a bucket.
  const sdk = await import("@aws-sdk/client-s3");
  let client = clientOf(sdk, options);
  let renewed = Number.NEGATIVE_INFINITY;
  const counts: RequestCounts = { requests: 0, retries: 0, sent: 0, received: 0 };
  const { maxRetries: retries, retryDelay: delay, patience } = options;
  const backOff: BackOff = { retries, delay, maxDelay: MAX_DELAY_MS, patience };
  const awaitAnswer = graceAfter(end);
  let noted = false;
  const place = (name: string): string => `s3://${options.bucket}/${name}`;
  /** Whether there may be newer credentials than those that expired: the chain is asked again. */
  const renew = (error: unknown): boolean => {
    if (options.credentials !== null || !areExpired(error) || performance.now() - renewed < RENEW_MS)
      return false;
    renewed = performance.now();
    client = clientOf(sdk, options);
    return true;
  };
  return {
    options,
    counts,
    upload: createLimit(options.parallel),
    download: createLimit(options.parallel),
    sendPace: createPace(options.bandwidth),
    receivePace: createPace(options.bandwidth),
    place,
    async request(what, name, send, { bytes = 0, signal } = {}) {
      const attempt = () => {
        counts.requests += 1;
        counts.sent += bytes;
        return awaitAnswer(send(client, sdk, signal));
      };
      const judge = (error: unknown): Outlook => {
        const outlook = outlookOf(error);
        return outlook === "final" && renew(error) ? "passing" : outlook;
      };
      const onRetry = (error: unknown, away: number): void => {
        counts.retries += 1;
        if (noted || away < NOTE_MS) return;
        noted = true;
        const { message } = translateServiceError(error, what, place(name));
        warn(`${message}; trying again for up to ${patience / 1000} seconds`);
      };
      try {
        const result = await withBackOff(backOff, attempt, { judge, onRetry, signal, end });
        if (noted) warn(`${place("")} answers again`);
        noted = false;
        return result;
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        throw translateServiceError(error, what, place(name));
      }
    },
    close: () => client.destroy(),
  };
}

/** The body of an answer, whole. Throws CutBody when it is not as long as `length`. */
export async function collectBody(
  connection: S3Connection,
  body: AsyncIterable<Uint8Array>,
  length: number,
): Promise<Buffer> {
  const { receivePace, counts } = connection;
  const target = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for await (const chunk of body) {
    counts.received += chunk.length;
    if (at + chunk.length > length) throw new CutBody("the answer is longer than it says");
    target.set(chunk, at);
    at += chunk.length;
    if (receivePace !== null) await receivePace(chunk.length);
  }
  if (at < length) throw new CutBody(`the answer ended after ${at} of ${length} bytes`);
  return target;
}

/** Parameters that carry a body, with what lets the service verify it. */
export interface BodyParameters {
  Body: Buffer | Readable;
  ContentLength: number;
  ChecksumCRC32?: string;
  ContentMD5?: string;
}

/** Fresh for each attempt: a stream is read once. */
export function bodyParameters(connection: S3Connection, body: Buffer): BodyParameters {
  const { options, sendPace } = connection;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return {
    Body: sendPace === null ? body : pacedBody(body, sendPace),
    ContentLength: body.length,
    // Services that know no newer checksum all know this one.
    ...(options.checksums === "when-supported"
      ? { ChecksumCRC32: checksum.toString("base64") }
      : { ContentMD5: createHash("md5").update(body).digest("base64") }),
  };
}
