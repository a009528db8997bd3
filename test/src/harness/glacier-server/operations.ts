/** The operations of the vault API, on state in memory. */
import { createHash } from "node:crypto";
import { GlacierFault, invalid, notFound } from "./glacier-fault.ts";
import {
  type Archive,
  isTreeAligned,
  type Job,
  MIB,
  newId,
  OUTPUT_LIFE_MS,
  TIER_MS,
  treeHashOf,
  UPLOAD_LIFE_MS,
  type Upload,
  type Vault,
} from "./vault.ts";

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  json?: unknown;
  body?: Buffer;
}

export interface Asked {
  method: string;
  /** What follows the vault's name. */
  rest: string[];
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
  now: number;
}

/** One request on one vault. Throws GlacierFault. */
export function operate(vault: Vault, asked: Asked): Answer {
  const [what, id, more] = asked.rest;
  const route = `${asked.method} ${what ?? ""}${id === undefined ? "" : "/*"}${more === undefined ? "" : `/${more}`}`;
  switch (route) {
    case "GET ":
      return { status: 200, json: describeVault(vault) };
    case "POST archives":
      return created(keep(vault, asked, asked.headers["x-amz-archive-description"] ?? "", content(asked)));
    case "DELETE archives/*":
      if (!vault.archives.delete(id!)) throw notFound(`The archive ${id}`);
      return { status: 204 };
    case "POST multipart-uploads":
      return beginUpload(vault, asked);
    case "PUT multipart-uploads/*":
      return putPart(uploadOf(vault, id!, asked.now), asked);
    case "POST multipart-uploads/*":
      return completeUpload(vault, id!, asked);
    case "DELETE multipart-uploads/*":
      uploadOf(vault, id!, asked.now);
      vault.uploads.delete(id!);
      return { status: 204 };
    case "POST jobs":
      return initiateJob(vault, asked);
    case "GET jobs":
      return {
        status: 200,
        json: { JobList: [...vault.jobs.values()].map((job) => describeJob(job, asked.now)) },
      };
    case "GET jobs/*":
      return { status: 200, json: describeJob(jobOf(vault, id!, asked.now), asked.now) };
    case "GET jobs/*/output":
      return outputOf(jobOf(vault, id!, asked.now), asked);
    default:
      throw new GlacierFault(405, "MethodNotAllowedException", `no such operation: ${route}`);
  }
}

/** The body, after its two checksums were compared. */
function content({ headers, body }: Asked): Buffer {
  if (body.length === 0) throw invalid("Invalid Content-Length: 0");
  if (headers["x-amz-content-sha256"] !== createHash("sha256").update(body).digest("hex"))
    throw invalid("The value passed in as x-amz-content-sha256 does not match the computed payload hash");
  if (headers["x-amz-sha256-tree-hash"] !== treeHashOf(body)) throw invalid("Checksum mismatch: tree hash");
  return body;
}

function checkDescription(text: string): void {
  if (text.length > 1024 || !/^[\x20-\x7e]*$/.test(text)) throw invalid("Invalid archive description");
}

function keep(vault: Vault, { now }: Asked, description: string, bytes: Buffer): Archive {
  checkDescription(description);
  const archive = { id: newId(138), description, created: now, bytes, treeHash: treeHashOf(bytes) };
  vault.archives.set(archive.id, archive);
  return archive;
}

function created({ id, treeHash }: Archive): Answer {
  return { status: 201, headers: { "x-amz-archive-id": id, "x-amz-sha256-tree-hash": treeHash } };
}

function beginUpload(vault: Vault, { headers, now }: Asked): Answer {
  const partSize = Number(headers["x-amz-part-size"]);
  if (partSize < MIB || partSize > 4096 * MIB || Math.log2(partSize / MIB) % 1 !== 0)
    throw invalid(`Invalid part size: ${headers["x-amz-part-size"]}`);
  const description = headers["x-amz-archive-description"] ?? "";
  checkDescription(description);
  const id = newId(92);
  vault.uploads.set(id, { description, partSize, parts: new Map(), touched: now });
  return { status: 201, headers: { "x-amz-multipart-upload-id": id } };
}

function uploadOf(vault: Vault, id: string, now: number): Upload {
  const upload = vault.uploads.get(id);
  if (upload === undefined || upload.touched + UPLOAD_LIFE_MS < now) throw notFound(`The upload ID ${id}`);
  return upload;
}

function putPart(upload: Upload, asked: Asked): Answer {
  const [, from, to] = /^bytes (\d+)-(\d+)\/\*$/.exec(asked.headers["content-range"] ?? "") ?? [];
  const bytes = content(asked);
  if (from === undefined || Number(to) - Number(from) + 1 !== bytes.length)
    throw invalid("Invalid Content-Range");
  if (Number(from) % upload.partSize !== 0 || bytes.length > upload.partSize)
    throw invalid("Content-Range is not aligned with the part size");
  upload.parts.set(Number(from), Buffer.from(bytes));
  upload.touched = asked.now;
  return { status: 204, headers: { "x-amz-sha256-tree-hash": treeHashOf(bytes) } };
}

function completeUpload(vault: Vault, id: string, asked: Asked): Answer {
  const { description, parts } = uploadOf(vault, id, asked.now);
  const pieces = [...parts].sort(([a], [b]) => a - b);
  let size = 0;
  for (const [from, bytes] of pieces) {
    if (from !== size) throw invalid("The parts are not contiguous");
    size += bytes.length;
  }
  const bytes = Buffer.concat(pieces.map(([, piece]) => piece));
  if (Number(asked.headers["x-amz-archive-size"]) !== size) throw invalid("The archive size does not match");
  if (asked.headers["x-amz-sha256-tree-hash"] !== treeHashOf(bytes))
    throw invalid("Checksum mismatch: tree hash");
  vault.uploads.delete(id);
  return created(keep(vault, asked, description, bytes));
}

function initiateJob(vault: Vault, { body, now }: Asked): Answer {
  const {
    Type,
    ArchiveId,
    RetrievalByteRange,
    Tier = "Standard",
  } = JSON.parse(body.toString()) as Record<string, string>;
  const id = newId(92);
  const base = { id, tier: Tier, created: now };
  if (Type === "inventory-retrieval") {
    if (vault.inventory === null) throw notFound("The vault inventory");
    const due = now + TIER_MS["Standard"]!;
    vault.jobs.set(id, {
      ...base,
      action: "InventoryRetrieval",
      archive: null,
      range: null,
      due,
      output: inventoryOf(vault),
    });
    return { status: 202, headers: { "x-amz-job-id": id } };
  }
  if (Type !== "archive-retrieval") throw invalid(`Invalid job type: ${Type}`);
  const wait = TIER_MS[Tier];
  if (wait === undefined) throw invalid(`Invalid tier: ${Tier}`);
  const archive = vault.archives.get(ArchiveId ?? "");
  if (archive === undefined) throw notFound(`The archive ${ArchiveId}`);
  const range = rangeOf(RetrievalByteRange, archive.bytes.length);
  const output = archive.bytes.subarray(range?.from ?? 0, range?.to);
  vault.jobs.set(id, { ...base, action: "ArchiveRetrieval", archive, range, due: now + wait, output });
  return { status: 202, headers: { "x-amz-job-id": id } };
}

function rangeOf(text: string | undefined, size: number): Job["range"] {
  if (text === undefined) return null;
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last) + 1];
  const aligned = from % MIB === 0 && (to % MIB === 0 || to === size);
  if (!aligned || from >= to || to > size) throw invalid(`Invalid byte range: ${text}`);
  return { from, to };
}

function inventoryOf({ inventory }: Vault): Buffer {
  const { date, list } = inventory!;
  const ArchiveList = list.map(({ id, description, created: at, bytes, treeHash }) => ({
    ArchiveId: id,
    ArchiveDescription: description,
    CreationDate: new Date(at).toISOString(),
    Size: bytes.length,
    SHA256TreeHash: treeHash,
  }));
  return Buffer.from(
    JSON.stringify({
      VaultARN: "arn:aws:glacier:v",
      InventoryDate: new Date(date).toISOString(),
      ArchiveList,
    }),
  );
}

function jobOf(vault: Vault, id: string, now: number): Job {
  const job = vault.jobs.get(id);
  if (job === undefined || job.due + OUTPUT_LIFE_MS < now) throw notFound(`The job ID ${id}`);
  return job;
}

function describeJob(
  { id, action, archive, range, tier, created: at, due, output }: Job,
  now: number,
): unknown {
  const done = now >= due;
  const tree = range === null || (archive && isTreeAligned(range.from, range.to, archive.bytes.length));
  return {
    JobId: id,
    Action: action,
    CreationDate: new Date(at).toISOString(),
    Completed: done,
    StatusCode: done ? "Succeeded" : "InProgress",
    Tier: tier,
    ...(archive && {
      ArchiveId: archive.id,
      ArchiveSizeInBytes: archive.bytes.length,
      ArchiveSHA256TreeHash: archive.treeHash,
    }),
    ...(range && { RetrievalByteRange: `${range.from}-${range.to - 1}` }),
    ...(archive && tree && { SHA256TreeHash: treeHashOf(output) }),
    ...(done && { CompletionDate: new Date(due).toISOString() }),
    ...(done && action === "InventoryRetrieval" && { InventorySizeInBytes: output.length }),
  };
}

function outputOf(job: Job, { headers, now }: Asked): Answer {
  if (now < job.due) throw invalid("The job is not currently available for download");
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers["range"] ?? "") ?? [];
  if (first === undefined) return { status: 200, body: job.output };
  const [from, to] = [Number(first), Math.min(Number(last) + 1, job.output.length)];
  if (from >= to) throw invalid("Invalid range");
  return {
    status: 206,
    headers: { "content-range": `bytes ${from}-${to - 1}/${job.output.length}` },
    body: job.output.subarray(from, to),
  };
}

function describeVault({ archives, inventory }: Vault): unknown {
  const size = [...archives.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  return {
    VaultName: "v",
    VaultARN: "arn:aws:glacier:v",
    CreationDate: new Date(0).toISOString(),
    NumberOfArchives: archives.size,
    SizeInBytes: size,
    ...(inventory && { LastInventoryDate: new Date(inventory.date).toISOString() }),
  };
}
