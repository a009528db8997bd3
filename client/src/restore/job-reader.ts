/** Reads a job in a worker; see job.ts for the layout. */
import type { BlobRecord } from "@datadb/protocol";
import { type ComparePart, ENCODINGS, FILE_FLAG, type FileTarget } from "./job.ts";

export interface JobReader {
  readonly done: boolean;
  kind(): number;
  fd(): number;
  file(): FileTarget;
  /** Part count of the entry; then as many calls of part or comparePart. */
  count(): number;
  /** Offset, and records whose payloads are views of the shared memory. */
  part(): { offset: number; chain: BlobRecord[] };
  comparePart(): ComparePart;
}

export function jobReader(from: Buffer, hashBytes: number): JobReader {
  let at = 0;
  const step = (bytes: number): number => {
    const from = at;
    at += bytes;
    return from;
  };
  const u8 = (): number => from[step(1)]!;
  const u32 = (): number => from.readUInt32LE(step(4));
  const i32 = (): number => from.readInt32LE(step(4));
  const f64 = (): number => from.readDoubleLE(step(8));
  const view = (length: number): Buffer => from.subarray(step(length), at);

  function record(): BlobRecord {
    const encoding = ENCODINGS[u8()]!;
    const length = u32();
    const payloadBytes = u32();
    const name = view(hashBytes);
    // What the base is called no longer matters: its content has been decoded just before.
    const base = encoding === "zstd-delta" ? Buffer.alloc(hashBytes) : null;
    return { kind: "data", name, encoding, base, length, payload: view(payloadBytes) };
  }

  return {
    get done() {
      return at >= from.length;
    },
    kind: u8,
    fd: i32,
    count: u32,
    file() {
      const directoryFd = i32();
      const flags = u8();
      const mode = from.readUInt16LE(step(2));
      const uid = u32();
      const gid = u32();
      const mtime = from.readBigInt64LE(step(8));
      const size = f64();
      const name = Buffer.from(view(from.readUInt16LE(step(2))));
      const owner = flags & FILE_FLAG.owner ? { uid, gid } : null;
      const replace = (flags & FILE_FLAG.replace) !== 0;
      const stripAcl = (flags & FILE_FLAG.stripAcl) !== 0;
      return { directoryFd, name, mode, owner, mtime, size, replace, stripAcl, xattrs: [] };
    },
    part() {
      const offset = f64();
      const chain: BlobRecord[] = [];
      for (let left = u8(); left > 0; left--) chain.push(record());
      return { offset, chain };
    },
    comparePart() {
      const offset = f64();
      const length = f64();
      return { offset, length, name: u8() === 1 ? null : view(hashBytes) };
    },
  };
}
