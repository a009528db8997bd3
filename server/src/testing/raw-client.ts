/** A client for tests that sees the bytes themselves. */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { encodeCommand } from "@datadb/protocol";

export type Word = string | Buffer | number;

export interface RawClient {
  readonly socket: Socket;
  /** Sends bytes as they are. */
  send(bytes: string | Buffer): void;
  /** Everything that came since the last call, up to the given text; rejects when the connection ends before. */
  until(text: string | Buffer): Promise<Buffer>;
  /** Sends one command, answers its reply's bytes (as Latin-1). */
  command(...words: Word[]): Promise<string>;
  /** Sends commands at once, answers the bytes of all their replies. */
  pipeline(...commands: readonly Word[][]): Promise<string>;
  /** Everything until the server ends the connection. */
  rest(): Promise<string>;
  close(): void;
}

export function encoded(words: readonly Word[]): Buffer {
  return Buffer.concat(encodeCommand(words));
}

export async function rawClient(target: number | string): Promise<RawClient> {
  const socket = typeof target === "number" ? connect(target, "127.0.0.1") : connect(target);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  let received: Buffer = Buffer.alloc(0);
  let ended = false;
  let wake = (): void => {};
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  const end = (): void => {
    ended = true;
    wake();
  };
  socket.on("close", end);
  socket.on("end", end);
  socket.on("error", end);
  const more = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const client: RawClient = {
    socket,
    send: (bytes) => void socket.write(bytes),
    until: async (text) => {
      for (;;) {
        const at = received.indexOf(text);
        if (at >= 0) {
          const taken = received.subarray(0, at);
          received = received.subarray(at + text.length);
          return taken;
        }
        if (ended)
          throw new Error(`the connection ended after ${JSON.stringify(received.toString("latin1"))}`);
        await more();
      }
    },
    command: (...words) => client.pipeline(words),
    pipeline: async (...commands) => {
      const marker = randomBytes(8).toString("hex");
      socket.write(Buffer.concat([...commands.map(encoded), encoded(["PING", marker])]));
      return (await client.until(`$16\r\n${marker}\r\n`)).toString("latin1");
    },
    rest: async () => {
      while (!ended) await more();
      return received.toString("latin1");
    },
    close: () => socket.destroy(),
  };
  return client;
}
