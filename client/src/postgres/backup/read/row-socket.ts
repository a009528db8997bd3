/** A socket that reads into memory of its own: no buffer is made for what comes, and rows are taken where they lie. */
import { Socket } from "node:net";

/** Takes what came, which is overwritten afterwards. False: nothing more until resume(). */
export type Receive = (bytes: Buffer) => boolean;

/** Who gets what comes instead of the listeners of "data". */
const receivers = new WeakMap<Socket, Receiver>();

interface Receiver {
  receive: Receive | null;
  /** Whether taking the bytes costs more than sending them. */
  isBusy: boolean;
  /** Bytes that it got so far. */
  bytes: number;
}

/** `input`: used by this socket alone. For a connection without TLS. `waits`: the thread has nothing better to do than to read. */
export function rowSocket(input: Buffer, waits: boolean): Socket {
  const receiver: Receiver = { receive: null, isBusy: false, bytes: 0 };
  const wait = waits ? gathering() : nothing;
  const socket: Socket = new Socket({
    onread: {
      buffer: input,
      callback(length) {
        const bytes = input.subarray(0, length);
        if (receiver.receive !== null) {
          const isTaken = receiver.receive(bytes);
          receiver.bytes += length;
          if (isTaken && receiver.bytes > LONG_BYTES)
            wait(length, receiver.isBusy ? BUSY_BYTES : WORTH_READING_BYTES);
          return isTaken;
        }
        // Whoever listens may keep what it gets.
        socket.emit("data", Buffer.from(bytes));
        return true;
      },
    },
  });
  receivers.set(socket, receiver);
  return socket;
}

const nothing = (): void => {};

/** Gives `receive` all that comes from now on; null: listeners get it again. False when this is no such socket. */
export function receiveRows(socket: Socket, receive: Receive | null, isBusy = false): boolean {
  const receiver = receivers.get(socket);
  if (receiver !== undefined) Object.assign(receiver, { receive, isBusy, bytes: 0 });
  return receiver !== undefined;
}

/** What is shorter comes to its end before waiting is worth anything. */
const LONG_BYTES = 1 << 20;

/** About half of what the kernel holds of a local connection: the server never waits for its reader. */
const WORTH_READING_BYTES = 96 << 10;
/** A thread that is slower than its server waits for less: only so much that it is not woken for each message. */
const BUSY_BYTES = 32 << 10;
const LONGEST_WAIT_MS = 2;
/** After a longer pause the thread did something else, and the server waited for it: such a pause says nothing of how fast it sends. */
const LONGEST_PAUSE_MS: number = LONGEST_WAIT_MS * 1.25;
/** How fast bytes come is measured over so long. */
const MEASURED_MS = 50;

/**
 * A server sends 8 KiB at a time. A thread that is woken for each takes the processor from the server that often, and costs
 * both of them more than the rows do: it sleeps until more has come. Call it with the bytes of each read, and those that are worth one.
 */
function gathering(): (length: number, worth: number) => void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  let last = performance.now();
  let [ms, bytes] = [0, 0];
  let bytesPerMs = WORTH_READING_BYTES;
  return (length, worth) => {
    const now = performance.now();
    const pause = now - last;
    last = now;
    if (pause < LONGEST_PAUSE_MS) {
      ms += pause;
      bytes += length;
    }
    if (ms > MEASURED_MS) {
      bytesPerMs = bytes / ms;
      [ms, bytes] = [0, 0];
    }
    if (length * 2 < worth) Atomics.wait(never, 0, 0, Math.min(LONGEST_WAIT_MS, worth / bytesPerMs));
  };
}
