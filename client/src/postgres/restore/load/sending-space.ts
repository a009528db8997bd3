/** Memory in which messages to a server are made, while those before them are sent. */
import type { Socket } from "node:net";

/** Twice as much is given to the socket before the server has taken it: it has work while the next rows are decoded. */
const HALF_BYTES = 192 << 10;

export interface SendingSpace {
  /** Room for a message; null when wait() must be awaited for it. */
  free(size: number): Buffer | null;
  /** The same, when what was written there before is with the kernel. Rejects when the connection is closed. */
  wait(size: number): Promise<Buffer>;
  write(message: Buffer): void;
  /** Instead of write(): it goes with those that lie behind it, when wait() needs their place or flush() says so. */
  gather(message: Buffer): void;
  flush(): void;
  /** Forgets what is gathered. */
  drop(): void;
}

const spaces = new WeakMap<Socket, SendingSpace>();

/** One for each connection: thousands of tables would need as many. */
export function spaceOf(stream: Socket): SendingSpace {
  const there = spaces.get(stream) ?? sendingSpace(stream);
  spaces.set(stream, there);
  return there;
}

/**
 * Memory that messages are made in, again and again: buffers of their own would be collected as fast as rows are sent. One half is
 * filled while the other is sent.
 */
function sendingSpace(stream: Socket): SendingSpace {
  let half = { memory: Buffer.allocUnsafeSlow(HALF_BYTES), written: Promise.resolve() };
  let other = { memory: Buffer.allocUnsafeSlow(HALF_BYTES), written: Promise.resolve() };
  let at = 0;
  /** Where what is gathered begins, and ends. */
  let gathered = 0;
  let end = 0;
  const flush = (): void => {
    if (end > gathered) half.written = written(stream, half.memory.subarray(gathered, end));
    gathered = end;
  };
  const take = (size: number): Buffer => {
    const message = half.memory.subarray(at, at + size);
    at += size;
    return message;
  };
  return {
    free: (size) => (at + size <= half.memory.length ? take(size) : null),
    async wait(size) {
      flush();
      [half, other] = [other, half];
      at = 0;
      gathered = 0;
      end = 0;
      await half.written;
      if (size > half.memory.length) half.memory = Buffer.allocUnsafeSlow(size);
      return take(size);
    },
    write(message) {
      half.written = written(stream, message);
    },
    gather(message) {
      const from = message.byteOffset - half.memory.byteOffset;
      if (from !== end) {
        flush();
        gathered = from;
      }
      end = from + message.length;
    },
    flush,
    drop() {
      gathered = end;
    },
  };
}

/** Resolves when the kernel has it. */
export function written(stream: Socket, message: Buffer): Promise<void> {
  const done = new Promise<void>((resolve, reject) => {
    stream.write(message, (error) => {
      if (error) reject(new Error("the connection was closed while rows were sent", { cause: error }));
      else resolve();
    });
  });
  // Awaited when the next one has been made.
  done.catch(() => {});
  return done;
}
