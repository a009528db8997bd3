/** A server that takes connections and requests, and sooner or later answers nothing. */
import { type AddressInfo, createServer, type Socket } from "node:net";

/** Answers so many requests of a connection (in RESP), then none. */
export async function muteServer(
  answers: number,
): Promise<{ port: number; silences(): number; close(): void }> {
  const sockets = new Set<Socket>();
  let silences = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    let left = answers;
    socket.on("error", () => {});
    socket.on("data", () => {
      if (left-- > 0) socket.write("+PONG\r\n");
      else silences += 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    silences: () => silences,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
