/** COPY ... FROM STDIN: gives the server what a source yields, as fast as the server takes it. */
import type { Socket } from "node:net";
import type pg from "pg";
import { type ContentPiece, takeInto } from "../../../cat/content-piece.ts";
import { type SendingSpace, spaceOf, written } from "./sending-space.ts";

/** The driver's connection, as far as a query that runs by itself needs it. */
interface DriverConnection {
  stream: Socket;
  query(sql: string): void;
  endCopyFrom(): void;
  sendCopyFail(text: string): void;
}

const COPY_DATA = 0x64;
/** The message that ends the rows of a COPY. */
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);
/** Type and length of a message. */
export const HEADER_BYTES = 5;

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

/** What goes into a table: a COPY FROM STDIN, and where the rows come from. */
export interface RowsToCopy {
  sql: string;
  source: AsyncIterable<ContentPiece>;
  /** Told of bytes that were given to the socket. */
  onBytes(bytes: Buffer): void;
  /** All bytes are on their way. */
  onSent(): void;
}

/**
 * Fills several tables with one message for all of them, and their rows right behind it: nobody waits for the other's answer. Each number
 * of rows is told as the server has taken them. Rejects as copyIn: those that were told are there then, the next one failed.
 */
export async function copySeveralIn(
  client: pg.Client,
  tables: readonly RowsToCopy[],
  onRows: (rows: number) => void,
): Promise<void> {
  const sql = tables.map((table) => table.sql).join(";\n");
  await copyWith(client, sql, (connection, failed) => sendSeveral(connection, tables, failed), onRows);
}

/** Gives the connection what is to be sent, until it has failed; rejects when the source does. */
type Send = (connection: DriverConnection, failed: () => boolean) => Promise<void>;

function copyWith(
  client: pg.Client,
  sql: string,
  send: Send,
  onRows: (rows: number) => void = () => {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    let rows = 0;
    let isSending = false;
    const nothing = (): void => {};
    client.query({
      submit(connection: DriverConnection) {
        connection.query(sql);
        return null;
      },
      handleCopyInResponse(connection: DriverConnection) {
        if (isSending) return;
        isSending = true;
        send(connection, () => failure !== undefined).catch((error: Error) => {
          failure ??= error;
          if (connection.stream.writable) connection.sendCopyFail("the source of the rows failed");
        });
      },
      handleCommandComplete({ text }: { text: string }) {
        const taken = /^COPY (\d+)$/.exec(text)?.[1];
        if (taken === undefined) return;
        rows = Number(taken);
        onRows(rows);
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

async function sendPieces(
  connection: DriverConnection,
  source: AsyncIterable<ContentPiece>,
  onBytes: (bytes: Buffer) => void,
  failed: () => boolean,
): Promise<void> {
  const space = spaceOf(connection.stream);
  for await (const piece of source) {
    const message = failed() ? null : await dataMessage(space, piece, failed);
    if (message === null) return;
    space.write(message);
    onBytes(message.subarray(HEADER_BYTES));
  }
  if (!failed()) connection.endCopyFrom();
}

async function dataMessage(
  space: SendingSpace,
  piece: ContentPiece,
  failed: () => boolean,
): Promise<Buffer | null> {
  const size = HEADER_BYTES + piece.length;
  const message = space.free(size) ?? (await space.wait(size));
  if (failed()) return null;
  beginMessage(message);
  takeInto(piece, message.subarray(HEADER_BYTES));
  return message;
}

/** What follows a failed COPY, the server passes over. */
async function sendSeveral(
  connection: DriverConnection,
  tables: readonly RowsToCopy[],
  failed: () => boolean,
): Promise<void> {
  const space = spaceOf(connection.stream);
  try {
    for (const { source, onBytes, onSent } of tables) {
      for await (const piece of source) {
        const message = failed() ? null : await dataMessage(space, piece, failed);
        if (message === null) return;
        space.gather(message);
        onBytes(message.subarray(HEADER_BYTES));
      }
      if (failed()) return;
      onSent();
      const done = space.free(COPY_DONE.length) ?? (await space.wait(COPY_DONE.length));
      COPY_DONE.copy(done);
      space.gather(done);
    }
  } finally {
    // The next COPY would take it for its own.
    if (failed()) space.drop();
    else space.flush();
  }
}

/** Type and length, of which `message` has as much as it needs before the content. */
export function beginMessage(message: Buffer): void {
  message[0] = COPY_DATA;
  message.writeUInt32BE(message.length - 1, 1);
}
