/**
 * A strict S3 server in this process, for tests: what a real one refuses it refuses, too. Signatures, chunked bodies, checksums and
 * conditions are verified; cold classes and locks go by a clock that the test sets; faults come from a seeded plan.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { type Bucket, newBucket, type ServerState } from "./bucket-state.ts";
import { createFaultDice, type FaultDice, type FaultKind, type FaultPlan } from "./faults.ts";
import type { Answer } from "./handled-request.ts";
import { findOperation } from "./operation-table.ts";
import { verifyBody } from "./request-body.ts";
import { S3Fault } from "./s3-fault.ts";
import { type Credentials, verifySignature } from "./signature.ts";
import { xmlDocument } from "./xml.ts";

/** Requests of one operation, and the bytes of their bodies: `received` by the server, `sent` by it. */
interface OperationCount {
  requests: number;
  received: number;
  sent: number;
}

export interface S3ServerOptions {
  region?: string;
  credentials?: readonly Credentials[];
  /** These buckets are there from the start. */
  buckets?: readonly string[];
  /** Milliseconds since 1970; the system's clock when absent. */
  clock?: () => number;
  /** False: a service that does not know conditional writes. */
  conditions?: boolean;
  port?: number;
}

export interface S3Server {
  /** `http://127.0.0.1:PORT`; buckets are the first part of the path. */
  readonly endpoint: string;
  readonly region: string;
  /** The first of the credentials. */
  readonly credentials: Credentials;
  /** A bucket's state, to look into or to damage. Throws when there is none. */
  bucket(name: string): Bucket;
  createBucket(name: string): Bucket;
  /** From now on requests meet faults by this plan; null ends it. */
  plan(faults: FaultPlan | null): FaultDice | null;
  /** While true, connections are refused or cut. */
  setDown(down: boolean): void;
  /** Requests with this access key are refused as expired from now on. */
  expire(accessKeyId: string): void;
  addCredentials(credentials: Credentials): void;
  /** What was asked since the start or the last reset, by operation. */
  counts(): Record<string, OperationCount>;
  resetCounts(): void;
  /** Told of every request before it is handled; may hold it up or throw an S3Fault. */
  onRequest(listener: ((operation: string, key: string) => void | Promise<void>) | null): void;
  close(): Promise<void>;
}

interface Server {
  readonly state: ServerState;
  readonly region: string;
  readonly credentials: Credentials[];
  readonly expired: Set<string>;
  readonly counts: Map<string, OperationCount>;
  dice: FaultDice | null;
  down: boolean;
  listener: ((operation: string, key: string) => void | Promise<void>) | null;
}

const DEFAULT_CREDENTIALS: Credentials = {
  accessKeyId: "test-access-key",
  secretAccessKey: "test secret/key+",
};

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function count(server: Server, operation: string, received: number): OperationCount {
  const found = server.counts.get(operation) ?? { requests: 0, received: 0, sent: 0 };
  found.requests += 1;
  found.received += received;
  server.counts.set(operation, found);
  return found;
}

function answerOf(error: unknown): Answer {
  if (!(error instanceof S3Fault)) throw error;
  const body = xmlDocument("Error", [
    ["Code", error.code],
    ["Message", error.message],
  ]).replace(/ xmlns="[^"]*"/, "");
  return { status: error.status, headers: error.headers, body };
}

/** What happens before the request is looked at. Throws for an answer, "gone" when there is none. */
async function suffer(fault: FaultKind | null, dice: FaultDice | null): Promise<"gone" | null> {
  if (fault === "delay") await wait(dice?.delayMs ?? 0);
  if (fault === "drop") return "gone";
  if (fault === "500")
    throw new S3Fault(500, "InternalError", "we encountered an internal error, please try again");
  if (fault === "503") throw new S3Fault(503, "SlowDown", "please reduce your request rate");
  return null;
}

function garbled(bytes: Buffer, dice: FaultDice | null): Buffer {
  if (bytes.length === 0) return bytes;
  const copy = Buffer.from(bytes);
  const at = dice?.integer(copy.length) ?? 0;
  copy[at] = (copy[at] as number) ^ 0x55;
  return copy;
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fault: FaultKind | null,
): number {
  const body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(answer.body ?? "");
  const type = Buffer.isBuffer(answer.body) ? {} : { "content-type": "application/xml" };
  const bodiless = request.method === "HEAD" || answer.status === 204;
  const length = answer.status === 204 ? {} : { "content-length": String(body.length) };
  response.writeHead(answer.status, { ...type, ...length, ...answer.headers });
  if (fault === "truncate" && !bodiless && body.length > 0) {
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
    return Math.floor(body.length / 2);
  }
  response.end(bodiless ? undefined : body);
  return bodiless ? 0 : body.length;
}

async function handle(server: Server, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (server.down) return void request.socket.destroy();
  const [path = "/", text = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const [, bucket = "", key = ""] = (/^\/([^/]*)\/?(.*)$/s.exec(path) ?? []).map((part) =>
    decodeURIComponent(part),
  );
  const query = new URLSearchParams(text);
  const operation = findOperation(request.method ?? "", bucket, key, query);
  const name = operation?.name ?? "Unknown";
  const { dice } = server;
  const fault = dice?.next(name) ?? null;
  let raw = await readAll(request).catch(() => null);
  if (raw === null) return;
  const counted = count(server, name, raw.length);
  let answer: Answer;
  try {
    await server.listener?.(name, key);
    if ((await suffer(fault, dice)) === "gone" || server.down) return void request.socket.destroy();
    const signed = verifySignature(request, server.credentials, server.region, server.expired);
    if (fault === "garble") raw = garbled(raw, dice);
    const { bytes, checksum } = verifyBody(raw, request.headers, signed);
    if (operation === undefined)
      throw new S3Fault(501, "NotImplemented", `${request.method} ${request.url} is not implemented`);
    const headers = request.headers as Record<string, string | undefined>;
    const pageLimit = fault === "short-page" ? 1 + (dice?.integer(3) ?? 0) : 1000;
    const { state } = server;
    answer = operation.run({
      state,
      method: request.method ?? "",
      bucket,
      key,
      query,
      headers,
      body: bytes,
      checksum,
      pageLimit,
    });
  } catch (error) {
    answer = answerOf(error);
  }
  if (fault === "drop-reply") return void request.socket.destroy();
  if (fault === "corrupt" && Buffer.isBuffer(answer.body))
    answer = { ...answer, body: garbled(answer.body, dice) };
  counted.sent += send(request, response, answer, fault);
}

/** Starts one on a free port of 127.0.0.1. */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const { clock = Date.now, conditions = true } = options;
  const state: ServerState = { buckets: new Map(), clock, conditions };
  const server: Server = {
    state,
    region: options.region ?? "us-east-1",
    credentials: [...(options.credentials ?? [DEFAULT_CREDENTIALS])],
    expired: new Set(),
    counts: new Map(),
    dice: null,
    down: false,
    listener: null,
  };
  for (const name of options.buckets ?? []) state.buckets.set(name, newBucket(name));
  const sockets = new Set<Socket>();
  const http = createServer((request, response) => {
    handle(server, request, response).catch((error: unknown) => {
      process.emitWarning(`the S3 server of the tests failed: ${String((error as Error).stack)}`);
      response.destroy();
    });
  });
  http.keepAliveTimeout = 60_000;
  http.on("connection", (socket) => {
    if (server.down) return void socket.destroy();
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => http.listen(options.port ?? 0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    region: server.region,
    credentials: server.credentials[0] as Credentials,
    bucket(name) {
      const found = state.buckets.get(name);
      if (found === undefined) throw new TypeError(`no bucket ${name}`);
      return found;
    },
    createBucket(name) {
      const made = newBucket(name);
      state.buckets.set(name, made);
      return made;
    },
    plan(faults) {
      server.dice = faults === null ? null : createFaultDice(faults);
      return server.dice;
    },
    setDown(down) {
      server.down = down;
      if (down) cut();
    },
    expire: (accessKeyId) => void server.expired.add(accessKeyId),
    addCredentials: (credentials) => void server.credentials.push(credentials),
    counts: () => Object.fromEntries([...server.counts].map(([name, one]) => [name, { ...one }])),
    resetCounts: () => server.counts.clear(),
    onRequest(listener) {
      server.listener = listener;
    },
    async close() {
      cut();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
