/** A proxy before a server whose answers it holds back at a given point: what is over in a moment can be looked at. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll } from "vitest";
import { freePort } from "./free-port.ts";

export interface GatedProxy {
  port: number;
  /**
   * From now on, answers pass until so many bytes have come from the server in all; Infinity opens the gate. Held are connections
   * that rows come through: others say little.
   */
  holdAt(bytes: number): void;
  /** Whether answers are held back now. */
  isHolding(): boolean;
}

/** What catalogues and definitions of a small database stay below. */
const ROWS_BYTES = 1_000_000;

const open = new Set<Socket>();
const servers = new Set<Server>();
afterAll(() => {
  for (const socket of open) socket.destroy();
  for (const server of servers) server.close();
});

/**
 * Listens on a free port of 127.0.0.1 and ends with the test file. It reaches the server by its socket, of which the kernel
 * keeps some hundred kilobytes: of TCP it may keep 32 MB, which the server would have sent before the gate.
 */
export async function startGatedProxy(socketPath: string, holdAt: number): Promise<GatedProxy> {
  const port = await freePort();
  let gate = holdAt;
  let received = 0;
  const held = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(socketPath);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        open.delete(socket);
        held.delete(far);
        (socket === near ? far : near).destroy();
      });
    }
    let own = 0;
    near.pipe(far);
    near.on("drain", () => {
      if (!held.has(far)) far.resume();
    });
    far.on("data", (part: Buffer) => {
      received += part.length;
      own += part.length;
      const full = !near.write(part);
      if (received >= gate && own >= ROWS_BYTES) held.add(far);
      if (full || held.has(far)) far.pause();
    });
  });
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port,
    holdAt: (bytes) => {
      gate = bytes;
      if (received >= gate) return;
      for (const far of held) far.resume();
      held.clear();
    },
    isHolding: () => held.size > 0,
  };
}
