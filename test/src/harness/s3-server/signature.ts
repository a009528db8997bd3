/** Signature version 4 as a server verifies it: the request's headers, and the chunks of a signed stream. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { S3Fault } from "./s3-fault.ts";

/** One access key that the server knows. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Requests must carry it. */
  sessionToken?: string;
}

/** What a verified request was signed with, for the chunks that follow. */
export interface Signed {
  key: Buffer;
  scope: string;
  date: string;
  signature: string;
  accessKeyId: string;
}

const MAX_SKEW_MS = 15 * 60 * 1000;

export function sha256Hex(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function encodeComponent(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  const pairs = query.split("&").map((pair) => {
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    return [name, value].map((part) => encodeComponent(decodeURIComponent(part.replaceAll("+", "%20"))));
  });
  return pairs
    .map(([name, value]) => `${name}=${value}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join("&");
}

function canonicalRequest(
  request: IncomingMessage,
  names: readonly string[],
  { service, body }: SignedFor,
): string {
  const [path = "/", query = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const uri = path
    .split("/")
    // S3 alone does not encode what is encoded already.
    .map((part) => encodeComponent(service === "s3" ? decodeURIComponent(part) : part))
    .join("/");
  const headers = names.map((name) => {
    const value = request.headers[name];
    return `${name}:${String(value ?? "")
      .trim()
      .replace(/ +/g, " ")}\n`;
  });
  const hash = String(request.headers["x-amz-content-sha256"] ?? sha256Hex(body));
  const parts = [request.method, uri, canonicalQuery(query), headers.join(""), names.join(";"), hash];
  return parts.join("\n");
}

function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function denied(message: string): S3Fault {
  return new S3Fault(403, "AccessDenied", message);
}

function parseAuthorization(request: IncomingMessage) {
  const text = request.headers.authorization;
  if (text === undefined) throw denied("the request is not signed");
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(text);
  if (found === null) throw new S3Fault(400, "AuthorizationHeaderMalformed", "not signature version 4");
  const [, credential = "", headers = "", signature = ""] = found;
  const [accessKeyId = "", day, region, service, end] = credential.split("/");
  return { accessKeyId, day, region, service, end, names: headers.split(";"), signature };
}

function checkHeaders(request: IncomingMessage, names: readonly string[]): void {
  if (!names.includes("host")) throw denied("the host is not signed");
  for (const name of Object.keys(request.headers)) {
    if ((name.startsWith("x-amz-") || name === "content-md5") && !names.includes(name))
      throw denied(`there were headers present in the request which were not signed: ${name}`);
  }
}

/** What signatures are made for. */
interface SignedFor {
  readonly service: "s3" | "glacier";
  /** The body, for services whose requests need not name its hash. */
  readonly body: Buffer;
}

const FOR_S3: SignedFor = { service: "s3", body: Buffer.alloc(0) };

/** Throws unless the request is signed with one of the credentials for this region and service, now. */
export function verifySignature(
  request: IncomingMessage,
  known: readonly Credentials[],
  region: string,
  expired: ReadonlySet<string>,
  purpose: SignedFor = FOR_S3,
): Signed {
  const given = parseAuthorization(request);
  const { service } = purpose;
  if (given.service !== service || given.end !== "aws4_request" || given.region !== region)
    throw new S3Fault(
      400,
      "AuthorizationHeaderMalformed",
      `the region ${given.region} is wrong; expecting ${region}`,
    );
  checkHeaders(request, given.names);
  const date = String(request.headers["x-amz-date"]);
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const time = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  if (!(Math.abs(time - Date.now()) < MAX_SKEW_MS) || given.day !== date.slice(0, 8))
    throw new S3Fault(
      403,
      "RequestTimeTooSkewed",
      "the difference between the request time and now is too large",
    );
  const credentials = known.find(({ accessKeyId }) => accessKeyId === given.accessKeyId);
  if (credentials === undefined)
    throw new S3Fault(403, "InvalidAccessKeyId", "the access key id does not exist in our records");
  const scope = `${given.day}/${region}/${service}/aws4_request`;
  const key = [service, "aws4_request"].reduce(
    (last, part) => hmac(last, part),
    hmac(hmac(`AWS4${credentials.secretAccessKey}`, given.day as string), region),
  );
  const text = [
    "AWS4-HMAC-SHA256",
    date,
    scope,
    sha256Hex(canonicalRequest(request, given.names, purpose)),
  ].join("\n");
  if (!equal(hmac(key, text).toString("hex"), given.signature))
    throw new S3Fault(403, "SignatureDoesNotMatch", "the request signature does not match the one provided");
  if (expired.has(credentials.accessKeyId))
    throw new S3Fault(400, "ExpiredToken", "the provided token has expired");
  const token = request.headers["x-amz-security-token"];
  if (token !== credentials.sessionToken)
    throw new S3Fault(403, "InvalidToken", "the provided token is invalid");
  return { key, scope, date, signature: given.signature, accessKeyId: given.accessKeyId };
}

/** The signature of a chunk after `previous`. */
export function chunkSignature({ key, scope, date }: Signed, previous: string, chunk: Buffer): string {
  const parts = ["AWS4-HMAC-SHA256-PAYLOAD", date, scope, previous, sha256Hex(""), sha256Hex(chunk)];
  return hmac(key, parts.join("\n")).toString("hex");
}

/** The signature of the trailers after the last chunk. */
export function trailerSignature({ key, scope, date }: Signed, previous: string, trailers: string): string {
  const parts = ["AWS4-HMAC-SHA256-TRAILER", date, scope, previous, sha256Hex(trailers)];
  return hmac(key, parts.join("\n")).toString("hex");
}
