/** Gathers the blocks of the new scan cache in walk order. */
import { ByteWriter } from "@datadb/protocol";
import { pathBytes } from "./entry-path.ts";
import { distrust } from "./scan-cache.ts";

/** Blocks stay apart until the end: a file that changes while it is read is struck from its block. */
export class CacheWriter {
  private readonly blocks = new Map<string, Buffer>();

  /** Blocks must come in walk order. */
  add(path: string, block: Buffer): void {
    this.blocks.set(path, block);
  }

  /** The file `name` of a directory must be read next time, whatever its stat says then. */
  distrust(path: string, name: string): void {
    const block = this.blocks.get(path);
    if (block !== undefined) this.blocks.set(path, distrust(block, name));
  }

  /** The stream, piece by piece. */
  *pieces(): Generator<Buffer> {
    const writer = new ByteWriter(4096);
    for (const [path, block] of this.blocks) {
      writer.bytes(pathBytes(path));
      writer.varint(block.length);
      yield writer.finish();
      yield block;
    }
  }
}
