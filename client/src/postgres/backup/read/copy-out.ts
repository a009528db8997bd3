/** Runs COPY ... TO STDOUT and gives each row to a sink as it comes from the socket: no object for a row, no copy between. */
import type { Socket } from "node:net";
import type pg from "pg";
import { HEADER_BYTES, type RowSink } from "./row-sink.ts";
import { receiveRows } from "./row-socket.ts";

const COPY_DATA = 0x64;
const COPY_OUT_RESPONSE = 0x48;
const READY_FOR_QUERY = 0x5a;
const COPY_DONE = 0x63;

/** The driver's connection, as far as a query that runs by itself needs it. */
interface DriverConnection {
  stream: Socket;
  query(sql: string): void;
}

/** What COPY's bytes go through. */
export interface CopyOutOptions {
  /** One or several commands; the rows of all that copy go to the sink, one after another. */
  sql: string;
  /** `finished` may put another one here, for the COPY that follows. */
  sink: RowSink;
  /** Taking the rows costs more than sending them: not much is waited for before what has come is taken. */
  isBusy?: boolean;
  /** Called when the first COPY begins: what was before it, such as a lock, has succeeded. */
  started?: () => void;
  /** Called when a COPY has sent all of its rows. */
  finished?: () => void;
  /** Called with the bytes of rows that were taken, now and then. */
  progress?: (bytes: number) => void;
}

/** Resolves when the server has finished all commands; rejects with what the server or the sink says. */
export function copyOut(client: pg.Client, options: CopyOutOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    let frames: FrameReader | undefined;
    const fail = (error: Error): void => {
      failure ??= error;
      frames?.discard();
      reject(failure);
    };
    const end = (): void => (failure ? reject(failure) : resolve());
    const ignored = (): void => {};
    client.query({
      submit(connection: DriverConnection) {
        frames = takeOver(connection.stream, options, fail);
        connection.query(options.sql);
        return null;
      },
      handleError: fail,
      handleReadyForQuery: end,
      handleCommandComplete: ignored,
      handleEmptyQuery: ignored,
      handleRowDescription: ignored,
      handleDataRow: ignored,
      handlePortalSuspended: ignored,
      handleCopyData: ignored,
      handleCopyInResponse(connection: { sendCopyFail(text: string): void }) {
        connection.sendCopyFail("nothing is loaded here");
      },
    } as unknown as pg.Submittable);
  });
}

/** Reads messages instead of the driver until the server is ready again; all but rows goes to the driver as it came. */
function takeOver(stream: Socket, options: CopyOutOptions, fail: (error: Error) => void): FrameReader {
  const driver = stream.listeners("data") as ((bytes: Buffer) => void)[];
  const pass = (bytes: Buffer): void => {
    for (const listener of driver) listener.call(stream, bytes);
  };
  const ended = (error: Error): void => {
    fail(error);
    stream.destroy(error);
  };
  if (receiveRows(stream, () => true)) return receiveInPlace(stream, options, pass, ended);
  return receiveBuffers(stream, driver, options, pass, ended);
}

/** What comes is overwritten by what comes next: the driver gets copies, and what finds no room is kept aside. */
function receiveInPlace(
  stream: Socket,
  options: CopyOutOptions,
  pass: (bytes: Buffer) => void,
  ended: (error: Error) => void,
): FrameReader {
  const frames = new FrameReader(
    options,
    (bytes) => pass(Buffer.from(bytes)),
    () => receiveRows(stream, null),
  );
  async function takeRest(rest: Buffer): Promise<void> {
    for (let at = 0; at < rest.length; at = frames.take(rest, at)) await frames.room();
    stream.resume();
  }
  const receive = (bytes: Buffer): boolean => {
    try {
      const at = frames.take(bytes, 0);
      if (at === bytes.length) return true;
      takeRest(Buffer.from(bytes.subarray(at))).catch(ended);
    } catch (error) {
      ended(error as Error);
    }
    return false;
  };
  receiveRows(stream, receive, options.isBusy);
  return frames;
}

function receiveBuffers(
  stream: Socket,
  driver: readonly ((bytes: Buffer) => void)[],
  options: CopyOutOptions,
  pass: (bytes: Buffer) => void,
  ended: (error: Error) => void,
): FrameReader {
  stream.removeAllListeners("data");
  const frames = new FrameReader(options, pass, () => {
    stream.off("data", receive);
    for (const listener of driver) stream.on("data", listener);
  });
  const queue: Buffer[] = [];
  let busy = false;
  async function pump(): Promise<void> {
    busy = true;
    for (let bytes = queue.shift(); bytes !== undefined; bytes = queue.shift()) {
      for (let at = frames.take(bytes, 0); at < bytes.length; at = frames.take(bytes, at)) {
        stream.pause();
        await frames.room();
        stream.resume();
      }
    }
    busy = false;
  }
  const receive = (bytes: Buffer): void => {
    queue.push(bytes);
    if (!busy) pump().catch(ended);
  };
  stream.on("data", receive);
  return frames;
}

/** Of a COPY that has failed. */
const NOWHERE: RowSink = {
  begin: () => true,
  room: () => Promise.resolve(),
  write: (_source, from, to) => to - from,
  take: () => 0,
  end: () => true,
  bytes: 0,
};

/** Bytes between two reports of progress. */
const PROGRESS_BYTES = 1 << 20;

class FrameReader {
  private readonly options: CopyOutOptions;
  private sink: RowSink;
  private readonly pass: (bytes: Buffer) => void;
  private readonly ready: () => void;
  private readonly header: Buffer = Buffer.alloc(HEADER_BYTES);
  private headerBytes = 0;
  /** Bytes of the current message that are still to come. */
  private left = 0;
  private type = 0;
  private isRow = false;
  /** Of a row, or of the end of all: whether the sink knows. */
  private begun = true;
  private reported = 0;

  constructor(options: CopyOutOptions, pass: (bytes: Buffer) => void, ready: () => void) {
    this.options = options;
    this.sink = options.sink;
    this.pass = pass;
    this.ready = ready;
    this.reported = options.sink.bytes;
  }

  /** Takes bytes from `at` on; returns where it stopped: at the end, or before what needs room. */
  take(bytes: Buffer, at: number): number {
    let position = at;
    const end = bytes.length;
    while (position < end) {
      if (this.left === 0 && this.headerBytes === 0 && this.begun) {
        position += this.sink.take(bytes, position, end);
        if (position === end) break;
      }
      if (!this.begun) {
        if (!this.isRow && !this.sink.end()) return position;
        this.begun = true;
        if (!this.isRow) this.finished();
        else if (!this.sink.begin(this.left)) return position;
      }
      if (this.left === 0) {
        position = this.readHeader(bytes, position, end);
        continue;
      }
      const to = Math.min(end, position + this.left);
      if (this.isRow) {
        const taken = this.sink.write(bytes, position, to);
        if (taken === 0) return position;
        position += taken;
        this.left -= taken;
      } else {
        this.passOn(bytes.subarray(position, to));
        position = to;
      }
    }
    this.report();
    return position;
  }

  private readHeader(bytes: Buffer, from: number, end: number): number {
    let position = from;
    if (this.headerBytes === 0 && end - position >= HEADER_BYTES) {
      this.message(bytes[position]!, bytes.readUInt32BE(position + 1) - 4);
      if (!this.isRow) this.passOn(bytes.subarray(position, position + HEADER_BYTES), true);
      return position + HEADER_BYTES;
    }
    while (position < end && this.headerBytes < HEADER_BYTES)
      this.header[this.headerBytes++] = bytes[position++]!;
    if (this.headerBytes === HEADER_BYTES) {
      this.headerBytes = 0;
      this.message(this.header[0]!, this.header.readUInt32BE(1) - 4);
      if (!this.isRow) this.passOn(Buffer.from(this.header), true);
    }
    return position;
  }

  private message(type: number, length: number): void {
    this.type = type;
    this.isRow = type === COPY_DATA;
    this.left = length;
    this.begun = !this.isRow && type !== COPY_DONE;
    if (type === COPY_OUT_RESPONSE) this.options.started?.();
  }

  room(): Promise<void> {
    return this.sink.room();
  }

  /** From here on, only the driver hears of what comes. */
  discard(): void {
    this.sink.abandon?.();
    this.sink = NOWHERE;
  }

  private finished(): void {
    const { options, sink } = this;
    if (sink === NOWHERE) return;
    options.finished?.();
    if (options.sink === sink) return;
    this.sink = options.sink;
    this.reported = options.sink.bytes;
  }

  private passOn(bytes: Buffer, isHeader = false): void {
    if (!isHeader) this.left -= bytes.length;
    // Before the driver knows that it may send the next query, it must hear the answers again.
    if (this.type === READY_FOR_QUERY && this.left === 0) this.ready();
    this.pass(bytes);
  }

  private report(): void {
    const { bytes } = this.sink;
    if (bytes - this.reported < PROGRESS_BYTES) return;
    this.options.progress?.(bytes - this.reported);
    this.reported = bytes;
  }
}
