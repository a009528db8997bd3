/** What a walk knows of the previous backup of the same series: its root, and what its scan cache said. */
import { ByteReader } from "@datadb/protocol";

/** The scan cache of one backup, by directory. */
export class PreviousCache {
  private readonly stream: Buffer;
  private readonly blocks = new Map<string, { from: number; to: number }>();

  /** Throws DECODE when the stream is not a scan cache. */
  constructor(stream: Buffer) {
    this.stream = stream;
    const reader = new ByteReader(stream);
    while (!reader.done) {
      const path = reader.bytes().toString("latin1");
      const { length } = reader.bytes();
      this.blocks.set(path, { from: reader.offset - length, to: reader.offset });
    }
  }

  /** The block of a directory, in memory of its own; undefined when it was not there. */
  block(path: string): Uint8Array<ArrayBuffer> | undefined {
    const found = this.blocks.get(path);
    return found && new Uint8Array(this.stream.subarray(found.from, found.to));
  }
}

/** The previous backup, as far as it is of use. */
export interface PreviousTree {
  /** Canonical root meta. */
  root: Buffer;
  cache: PreviousCache | null;
}
