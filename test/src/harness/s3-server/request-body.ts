/** The body of a request: chunked framing taken off, and every hash and checksum that came with it verified. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { crc32c } from "./crc32c.ts";
import { S3Fault } from "./s3-fault.ts";
import { chunkSignature, type Signed, sha256Hex, trailerSignature } from "./signature.ts";

/** Bytes, and the checksum that the client gave for them: it is kept with the object. */
export interface VerifiedBody {
  bytes: Buffer;
  checksum: { name: string; value: string } | null;
}

type Headers = Record<string, string | string[] | undefined>;

function u32Base64(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString("base64");
}

const CHECKSUMS: Record<string, (bytes: Buffer) => string> = {
  "x-amz-checksum-crc32": (bytes) => u32Base64(crc32(bytes)),
  "x-amz-checksum-crc32c": (bytes) => u32Base64(crc32c(bytes)),
  "x-amz-checksum-sha1": (bytes) => createHash("sha1").update(bytes).digest("base64"),
  "x-amz-checksum-sha256": (bytes) => createHash("sha256").update(bytes).digest("base64"),
};

function malformed(message: string): S3Fault {
  return new S3Fault(400, "IncompleteBody", message);
}

/** Chunks `hex[;chunk-signature=...]\r\n bytes \r\n`, an empty one, then trailers. */
function takeChunksApart(
  body: Buffer,
  signed: Signed | null,
): { bytes: Buffer; trailers: Map<string, string> } {
  const chunks: Buffer[] = [];
  let at = 0;
  let previous = signed?.signature ?? "";
  const line = (): string => {
    const end = body.indexOf("\r\n", at);
    if (end === -1) throw malformed("a chunk is cut short");
    const text = body.toString("latin1", at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const head = line();
    const [size = "", given] = head.split(";chunk-signature=");
    const length = Number.parseInt(size, 16);
    if (!/^[0-9a-f]+$/i.test(size) || at + length > body.length) throw malformed("a chunk is cut short");
    const chunk = body.subarray(at, at + length);
    if (signed !== null) {
      previous = chunkSignature(signed, previous, chunk);
      if (given !== previous) throw new S3Fault(403, "SignatureDoesNotMatch", "a chunk's signature is wrong");
    }
    at += length;
    if (length === 0) break;
    chunks.push(chunk);
    if (line() !== "") throw malformed("a chunk does not end where it says");
  }
  return {
    bytes: Buffer.concat(chunks),
    trailers: readTrailers(body.toString("latin1", at), signed, previous),
  };
}

function readTrailers(text: string, signed: Signed | null, previous: string): Map<string, string> {
  const lines = text.split(/\r?\n/).filter((one) => one !== "");
  const trailers = new Map(
    lines.map((one) => one.split(/:(.*)/s).map((part) => part.trim()) as [string, string]),
  );
  const signature = trailers.get("x-amz-trailer-signature");
  trailers.delete("x-amz-trailer-signature");
  if (signed === null || trailers.size === 0) return trailers;
  const canonical = [...trailers].map(([name, value]) => `${name}:${value}\n`).join("");
  if (signature !== trailerSignature(signed, previous, canonical))
    throw new S3Fault(403, "SignatureDoesNotMatch", "the trailers' signature is wrong");
  return trailers;
}

function decode(raw: Buffer, headers: Headers, signed: Signed) {
  const hash = String(headers["x-amz-content-sha256"] ?? "");
  if (!hash.startsWith("STREAMING-")) {
    if (hash !== "UNSIGNED-PAYLOAD" && hash !== sha256Hex(raw))
      throw new S3Fault(400, "XAmzContentSHA256Mismatch", "the body does not have the hash that was signed");
    return { bytes: raw, trailers: new Map<string, string>() };
  }
  // Some clients leave the encoding out of signed streams, which services allow.
  if (
    hash.endsWith("UNSIGNED-PAYLOAD-TRAILER") &&
    !String(headers["content-encoding"] ?? "").includes("aws-chunked")
  )
    throw new S3Fault(400, "InvalidRequest", "a stream must say content-encoding: aws-chunked");
  const { bytes, trailers } = takeChunksApart(
    raw,
    hash.startsWith("STREAMING-AWS4-HMAC-SHA256") ? signed : null,
  );
  const length = headers["x-amz-decoded-content-length"];
  if (length === undefined)
    throw new S3Fault(411, "MissingContentLength", "x-amz-decoded-content-length is missing");
  if (Number(length) !== bytes.length) throw malformed("the decoded length is wrong");
  for (const name of String(headers["x-amz-trailer"] ?? "").split(",")) {
    if (name !== "" && !trailers.has(name.trim()))
      throw new S3Fault(400, "MalformedTrailerError", `the trailer ${name} is missing`);
  }
  return { bytes, trailers };
}

/** Throws S3Fault when anything about the body is not as the headers and trailers say. */
export function verifyBody(raw: Buffer, headers: Headers, signed: Signed): VerifiedBody {
  const { bytes, trailers } = decode(raw, headers, signed);
  const md5 = headers["content-md5"];
  if (md5 !== undefined && md5 !== createHash("md5").update(bytes).digest("base64"))
    throw new S3Fault(400, "BadDigest", "the Content-MD5 you specified did not match what we received");
  let checksum: VerifiedBody["checksum"] = null;
  for (const [name, compute] of Object.entries(CHECKSUMS)) {
    const given = headers[name] ?? trailers.get(name);
    if (given === undefined) continue;
    if (given !== compute(bytes))
      throw new S3Fault(400, "BadDigest", `the ${name} you specified did not match the calculated checksum`);
    checksum = { name, value: String(given) };
  }
  return { bytes, checksum };
}
