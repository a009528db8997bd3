/** COPY ... FROM STDIN: gives the server what a source yields, as fast as the server takes it. */
import type { Socket } from "node:net";
import type pg from "pg";
import { type ContentPiece, takeInto } from "../../cat/content-piece.ts";

/** The driver's connection, as far as a query that runs by itself needs it. */
interface DriverConnection {
  stream: Socket;
  query(sql: string): void;
  endCopyFrom(): void;
  sendCopyFail(text: string): void;
}

const COPY_DATA = 0x64;
/** Type and length of a message. */
export const HEADER_BYTES = 5;
/** Twice as much is given to the socket before the server has taken it: it has work while the next rows are decoded. */
const HALF_BYTES = 192 << 10;

/**
 * Resolves with the number of rows that the server says it took. Rejects with what the server or the source says; the server
 * then has dropped the rows. `onBytes` is told of bytes that were given to the socket.
 */
export function copyIn(
  client: pg.Client,
  sql: string,
  source: AsyncIterable<ContentPiece>,
  onBytes: (bytes: Buffer) => void,
): Promise<number> {
  return copyWith(client, sql, (connection, failed) => sendPieces(connection, source, onBytes, failed));
}

/** The same of whole messages. The memory of one may be used again when the next but one is asked for. */
export function copyMessagesIn(
  client: pg.Client,
  sql: string,
  messages: AsyncIterable<Buffer>,
): Promise<number> {
  return copyWith(client, sql, (connection, failed) => sendMessages(connection, messages, failed));
}

/** Gives the connection what is to be sent, until it has failed; rejects when the source does. */
type Send = (connection: DriverConnection, failed: () => boolean) => Promise<void>;

function copyWith(client: pg.Client, sql: string, send: Send): Promise<number> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    let rows = 0;
    const nothing = (): void => {};
    client.query({
      submit(connection: DriverConnection) {
        connection.query(sql);
        return null;
      },
      handleCopyInResponse(connection: DriverConnection) {
        send(connection, () => failure !== undefined).catch((error: Error) => {
          failure ??= error;
          if (connection.stream.writable) connection.sendCopyFail("the source of the rows failed");
        });
      },
      handleCommandComplete({ text }: { text: string }) {
        rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? rows);
      },
      handleError(error: Error) {
        failure ??= error;
        // A lost connection is never ready again.
        reject(failure);
      },
      handleReadyForQuery() {
        if (failure === undefined) resolve(rows);
        else reject(failure);
      },
      handleEmptyQuery: nothing,
      handleRowDescription: nothing,
      handleDataRow: nothing,
      handlePortalSuspended: nothing,
      handleCopyData: nothing,
    } as unknown as pg.Submittable);
  });
}

async function sendMessages(
  connection: DriverConnection,
  messages: AsyncIterable<Buffer>,
  failed: () => boolean,
): Promise<void> {
  let before = Promise.resolve();
  for await (const message of messages) {
    if (failed()) return;
    const mine = written(connection.stream, message);
    await before;
    before = mine;
  }
  await before;
  if (!failed()) connection.endCopyFrom();
}

/** Resolves when the kernel has it. */
function written(stream: Socket, message: Buffer): Promise<void> {
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

async function sendPieces(
  connection: DriverConnection,
  source: AsyncIterable<ContentPiece>,
  onBytes: (bytes: Buffer) => void,
  failed: () => boolean,
): Promise<void> {
  const { stream } = connection;
  const space = sendingSpace(stream);
  for await (const piece of source) {
    if (failed()) return;
    const size = HEADER_BYTES + piece.length;
    const message = space.free(size) ?? (await space.wait(size));
    if (failed()) return;
    beginMessage(message);
    const place = message.subarray(HEADER_BYTES);
    takeInto(piece, place);
    space.write(message);
    onBytes(place);
  }
  if (!failed()) connection.endCopyFrom();
}

/** Type and length, of which `message` has as much as it needs before the content. */
export function beginMessage(message: Buffer): void {
  message[0] = COPY_DATA;
  message.writeUInt32BE(message.length - 1, 1);
}

interface SendingSpace {
  /** Room for a message; null when wait() must be awaited for it. */
  free(size: number): Buffer | null;
  /** The same, when what was written there before is with the kernel. Rejects when the connection is closed. */
  wait(size: number): Promise<Buffer>;
  write(message: Buffer): void;
}

/**
 * Memory that messages are made in, again and again: buffers of their own would be collected as fast as rows are sent. One half is
 * filled while the other is sent.
 */
function sendingSpace(stream: Socket): SendingSpace {
  let half = { memory: Buffer.allocUnsafeSlow(HALF_BYTES), written: Promise.resolve() };
  let other = { memory: Buffer.allocUnsafeSlow(HALF_BYTES), written: Promise.resolve() };
  let at = 0;
  const take = (size: number): Buffer => {
    const message = half.memory.subarray(at, at + size);
    at += size;
    return message;
  };
  return {
    free: (size) => (at + size <= half.memory.length ? take(size) : null),
    async wait(size) {
      [half, other] = [other, half];
      at = 0;
      await half.written;
      if (size > half.memory.length) half.memory = Buffer.allocUnsafeSlow(size);
      return take(size);
    },
    write(message) {
      half.written = written(stream, message);
    },
  };
}
