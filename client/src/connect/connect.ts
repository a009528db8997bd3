/** A Connection to a server over TCP, TLS or a unix socket. */
import net from "node:net";
import type { ConnectionOptions } from "node:tls";
import { type Address, ConnectionLostError, parseAddress, ReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { findPassword } from "./password.ts";
import { respClient } from "./resp-client.ts";

const TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * Connects, authenticates, selects the URL's database.
 *
 * @throws ConnectionLostError naming the address when nobody answers there; ReplyError (WRONGPASS, NOAUTH ...) when
 * the server refuses; UsageError for an address or password setting that makes no sense.
 * @example
 * const connection = await connect("redis://backup@db.internal:9736", { password: "file:/etc/datadb/password" });
 * const backups = await listBackups(connection);
 * await connection.close();
 */
export async function connect(
  url: string | { socket: string },
  options: ConnectOptions = {},
): Promise<Connection> {
  const address = parseAddress(url);
  const password = address.password ?? findPassword(options.password);
  const socket = await openSocket(address, options);
  const client = respClient(socket, address.shown, options.signal);
  const timeout = options.timeoutMs ?? TIMEOUT_MS;
  let late = false;
  // The kernel accepts connections for a process that has been stopped, too.
  const timer = setTimeout(() => {
    late = true;
    socket.destroy();
  }, timeout);
  try {
    await introduce(client, address, options, password);
  } catch (error) {
    socket.destroy();
    throw late ? unreachable(address, noAnswer(timeout)) : error;
  } finally {
    clearTimeout(timer);
  }
  return client;
}

async function introduce(
  client: Connection,
  address: Address,
  options: ConnectOptions,
  password: string | undefined,
): Promise<void> {
  const user = address.user ?? options.user;
  const first: Promise<unknown>[] = [];
  if (password !== undefined)
    first.push(client.call("AUTH", ...(user === undefined ? [] : [user]), password));
  if (options.clientName !== undefined) first.push(client.call("CLIENT", "SETNAME", options.clientName));
  if (address.database !== undefined) first.push(client.call("SELECT", address.database));
  // Whoever listens there has to answer once: what is no server, or wants TLS or a password, is told here.
  if (first.length === 0) first.push(client.call("PING"));
  const refused = (await Promise.allSettled(first)).find((result) => result.status === "rejected");
  if (refused === undefined) return;
  if (refused.reason instanceof ReplyError) {
    throw new ReplyError(`${refused.reason.message} (${address.shown})`);
  }
  throw answersTls(refused.reason as Error, address);
}

/** A server that speaks TLS ends a plain connection at the first command, without a word. */
function answersTls(error: Error, address: Address): Error {
  const wordless = error instanceof ConnectionLostError && /closed it|ECONNRESET/.test(error.message);
  if (!wordless || address.tls || "path" in address.target) return error;
  return new ConnectionLostError(`${address.shown} ended the connection at the first command`, {
    next: "if the server speaks TLS, write rediss:// instead of redis://; otherwise look into its log",
    fields: { address: address.shown },
    cause: error,
  });
}

async function openSocket(address: Address, options: ConnectOptions): Promise<net.Socket> {
  // Loading TLS takes a tenth of the time of a short command.
  const tls = address.tls ? await import("node:tls") : null;
  const socket =
    tls === null
      ? net.connect(address.target)
      : tls.connect({ ...(address.target as net.TcpNetConnectOpts), ...tlsOptions(address, options) });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  const ready = tls !== null ? "secureConnect" : "connect";
  const timeout = options.timeoutMs ?? TIMEOUT_MS;
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(noAnswer(timeout)), timeout);
    const onAbort = (): void => fail(options.signal?.reason as Error);
    function end(): void {
      clearTimeout(timer);
      socket.off("error", fail);
      options.signal?.removeEventListener("abort", onAbort);
    }
    function fail(cause: Error): void {
      end();
      socket.on("error", () => {});
      socket.destroy();
      reject(unreachable(address, cause));
    }
    socket.once("error", fail);
    socket.once(ready, () => {
      end();
      resolve(socket);
    });
    options.signal?.addEventListener("abort", onAbort, { once: true });
    if (options.signal?.aborted) onAbort();
  });
}

function tlsOptions({ target }: Address, { tls: given = {} }: ConnectOptions): ConnectionOptions {
  const host = "host" in target ? target.host : "";
  return net.isIP(host) === 0 ? { servername: host, ...given } : { ...given };
}

const noAnswer = (timeout: number): Error => new Error(`no answer within ${timeout} ms`);

function unreachable(address: Address, cause: Error): ConnectionLostError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why =
    code === "ECONNREFUSED"
      ? "nobody listens there"
      : code === "ENOENT"
        ? "there is no such socket"
        : message;
  return new ConnectionLostError(`cannot connect to ${address.shown}: ${why}`, {
    next: /certificate|self-signed/i.test(message)
      ? "name the authority's certificate in NODE_EXTRA_CA_CERTS, and use the host's name in its certificate"
      : "check the address, and that datadb server runs there",
    fields: { address: address.shown },
    cause,
  });
}
