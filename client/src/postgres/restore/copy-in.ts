/** COPY ... FROM STDIN: gives the server what a stream yields, as fast as the server takes it. */
import type { Socket } from "node:net";
import type pg from "pg";

/** The driver's connection, as far as a query that runs by itself needs it. */
interface DriverConnection {
  stream: Socket;
  query(sql: string): void;
  endCopyFrom(): void;
  sendCopyFail(text: string): void;
}

const COPY_DATA = 0x64;
/** Given to the socket before the server has taken it: it has work while the next rows are decoded. */
const AHEAD_BYTES = 1 << 20;

/**
 * Resolves with the number of rows that the server says it took. Rejects with what the server or the source says; the server
 * then has dropped the rows. `onBytes` is told of bytes that were given to the socket.
 */
export function copyIn(
  client: pg.Client,
  sql: string,
  source: AsyncIterable<Buffer>,
  onBytes: (bytes: Buffer) => void,
): Promise<number> {
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
        send(connection, source, onBytes, () => failure !== undefined).catch((error: Error) => {
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

async function send(
  connection: DriverConnection,
  source: AsyncIterable<Buffer>,
  onBytes: (bytes: Buffer) => void,
  failed: () => boolean,
): Promise<void> {
  const { stream } = connection;
  for await (const part of source) {
    if (failed()) return;
    const header = Buffer.allocUnsafe(5);
    header[0] = COPY_DATA;
    header.writeUInt32BE(part.length + 4, 1);
    stream.cork();
    stream.write(header);
    stream.write(part);
    stream.uncork();
    onBytes(part);
    if (stream.writableLength >= AHEAD_BYTES) await drained(stream);
  }
  if (!failed()) connection.endCopyFrom();
}

function drained(stream: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (end: () => void) => (): void => {
      stream.off("drain", onDrain);
      stream.off("close", onClose);
      end();
    };
    const onDrain = finish(resolve);
    const onClose = finish(() => reject(new Error("the connection was closed while rows were sent")));
    stream.on("drain", onDrain);
    stream.on("close", onClose);
  });
}
