/** A RESP session whose replies stay bytes, so that two servers can be compared exactly. */
import { once } from "node:events";
import { connect } from "node:net";

export interface RawSession {
  /** Sends one command and resolves with all bytes of its reply. */
  send(...words: (string | Buffer)[]): Promise<string>;
  close(): void;
}

const MARK = "end-of-reply";

export async function openRawSession(port: number): Promise<RawSession> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  let bytes = "";
  socket.on("data", (part: Buffer) => {
    bytes += part.toString("latin1");
  });
  const end = `$${MARK.length}\r\n${MARK}\r\n`;
  return {
    send: async (...words) => {
      bytes = "";
      // What ECHO answers marks the end, whatever the reply before it is.
      socket.write(Buffer.concat([encode(words), encode(["ECHO", MARK])]));
      while (!bytes.endsWith(end)) await once(socket, "data");
      return bytes.slice(0, -end.length);
    },
    close: () => socket.destroy(),
  };
}

function encode(words: readonly (string | Buffer)[]): Buffer {
  const parts = words.flatMap((word) => {
    const value = Buffer.from(word);
    return [Buffer.from(`$${value.length}\r\n`), value, Buffer.from("\r\n")];
  });
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]);
}
