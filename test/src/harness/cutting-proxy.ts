/** A proxy between a client and a server that cuts each connection after a given number of bytes. */
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "./free-port.ts";

export interface Target {
  host?: string;
  port?: number;
  /** A unix socket's path, instead of host and port. */
  path?: string;
}

export interface CuttingProxy {
  port: number;
  url: string;
  /** Connections cut so far. */
  cuts(): number;
  /** Bytes that went from clients to the server so far. */
  sent(): number;
  /** Bytes that went from the server to clients so far. */
  received(): number;
  close(): Promise<void>;
}

/**
 * Listens on a free port of 127.0.0.1. `cutAfter` says, for each connection in order, after how many bytes (both
 * directions together) it is reset; Infinity lets it live.
 */
export async function startCuttingProxy(
  target: Target,
  cutAfter: (connection: number) => number,
): Promise<CuttingProxy> {
  const port = await freePort();
  const open = new Set<Socket>();
  let count = 0;
  let cuts = 0;
  let sent = 0;
  let received = 0;
  const server = createServer((near) => {
    const limit = cutAfter(count++);
    const far =
      target.path === undefined
        ? connect(target.port ?? 0, target.host ?? "127.0.0.1")
        : connect(target.path);
    let passed = 0;
    const end = (): void => {
      near.resetAndDestroy();
      far.destroy();
    };
    const pass = (to: Socket, from: Socket, part: Buffer): void => {
      if (to === far) sent += part.length;
      else received += part.length;
      if (passed + part.length >= limit) {
        cuts++;
        to.write(part.subarray(0, limit - passed), end);
        passed = limit;
        from.pause();
        return;
      }
      passed += part.length;
      if (!to.write(part)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
    };
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        open.delete(socket);
        (socket === near ? far : near).end();
      });
    }
    near.on("data", (part: Buffer) => pass(far, near, part));
    far.on("data", (part: Buffer) => pass(near, far, part));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    cuts: () => cuts,
    sent: () => sent,
    received: () => received,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
