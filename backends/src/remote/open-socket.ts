/** A socket to a server: TCP, TLS or a unix socket. */
import net from "node:net";
import tls from "node:tls";
import { BackendUnavailableError } from "@datadb/protocol";
import type { RemoteOptions } from "./remote-options.ts";

const TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;

/** Rejects with BACKEND_UNAVAILABLE naming the address. */
export function openSocket({ address, ca }: Pick<RemoteOptions, "address" | "ca">): Promise<net.Socket> {
  const host = "host" in address.target ? address.target.host : "";
  const names = {
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  };
  const socket = address.tls
    ? tls.connect({ ...(address.target as net.TcpNetConnectOpts), ...names })
    : net.connect(address.target);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    const fail = (cause: Error): void => {
      clearTimeout(timer);
      socket.on("error", () => {}).destroy();
      const { code, message: said } = cause as NodeJS.ErrnoException;
      const why = code === "ECONNREFUSED" ? "nobody listens there" : said || code;
      const message = `cannot connect to ${address.shown}: ${why}`;
      reject(
        new BackendUnavailableError(message, {
          cause,
          fields: { address: address.shown },
          next: "check the address, and that datadb server runs there",
        }),
      );
    };
    socket.once("error", fail);
    socket.once(address.tls ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      resolve(socket);
    });
  });
}
