/** The chunks of a slab, one by one. */

import { bufferOf, nameAt } from "../ingest/packed-records.ts";
import type { SlabBatch } from "../ingest/slab-packer.ts";

export interface SlabChunk {
  name: Buffer;
  at: number;
  length: number;
  /** A blob that it probably resembles. */
  base: Buffer | null;
  /** Its number in the batch. */
  index: number;
}

/**
 * Chunks of a batch that are not on their way already: one content twice in a stream is asked for and sent once.
 * `inFlight` holds names (latin1) under way, and gets those of the result.
 */
export function freshChunks(batch: SlabBatch, nameBytes: number, inFlight: Set<string>): SlabChunk[] {
  const names = bufferOf(batch.names);
  const bases = bufferOf(batch.bases);
  const chunks: SlabChunk[] = [];
  for (let i = 0; i * 2 < batch.ranges.length; i++) {
    const name = names.subarray(i * nameBytes, (i + 1) * nameBytes);
    const key = name.toString("latin1");
    if (inFlight.has(key)) continue;
    inFlight.add(key);
    const [at, length] = [batch.ranges[i * 2]!, batch.ranges[i * 2 + 1]!];
    chunks.push({ name, at, length, base: nameAt(bases, i, nameBytes), index: i });
  }
  return chunks;
}

/** Chunks are no longer under way. */
export function landed(chunks: readonly SlabChunk[], inFlight: Set<string>): void {
  for (const { name } of chunks) inFlight.delete(name.toString("latin1"));
}

/** Splits chunks into groups of about so many bytes and at most so many chunks. */
export function groups(chunks: readonly SlabChunk[], bytes: number, count: number): SlabChunk[][] {
  const all: SlabChunk[][] = [];
  let group: SlabChunk[] = [];
  let size = 0;
  for (const chunk of chunks) {
    if (group.length >= count || (size > 0 && size + chunk.length > bytes)) {
      all.push(group);
      group = [];
      size = 0;
    }
    group.push(chunk);
    size += chunk.length;
  }
  if (group.length > 0) all.push(group);
  return all;
}
