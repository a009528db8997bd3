/** What libpq does with the socket of a connection before anything is said: keepalives, limits, and whose server it is. */
import { execFileSync } from "node:child_process";
import type { Socket } from "node:net";
import { DatabaseLoginError, UsageError } from "@datadb/protocol";
import { nativeSupport } from "../../native/load-native.ts";
import type { Native } from "../../native/native.ts";
import { TCP_OPTION } from "../../native/socket-calls.ts";
import type { Parameters } from "./parameters.ts";

const NUMBERS = ["keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"] as const;

/** The socket, arranged as soon as it is connected, before the driver hears of it. Throws USAGE. */
export function arrangeSocket(socket: Socket, parameters: Parameters, host: string): Socket {
  return host.startsWith("/") ? arrangeLocal(socket, parameters, host) : arrangeTcp(socket, parameters);
}

function arrangeTcp(socket: Socket, parameters: Parameters): Socket {
  const [idle, interval, count, limit] = NUMBERS.map((keyword) => wholeNumber(parameters, keyword));
  const keepalives = parameters["keepalives"] !== "0";
  const options: [keyword: string, option: number, value: number][] = [];
  if (keepalives && interval) options.push(["keepalives_interval", TCP_OPTION.keepaliveInterval, interval]);
  if (keepalives && count) options.push(["keepalives_count", TCP_OPTION.keepaliveCount, count]);
  if (limit) options.push(["tcp_user_timeout", TCP_OPTION.userTimeout, limit]);
  const native = options.length === 0 ? null : nativeFor(options[0]![0]);
  socket.once("connect", () => {
    socket.setKeepAlive(keepalives, (idle ?? 0) * 1000);
    for (const [, option, value] of options) native?.setTcpOption(descriptorOf(socket), option, value);
  });
  return socket;
}

function arrangeLocal(socket: Socket, parameters: Parameters, host: string): Socket {
  const wanted = parameters["requirepeer"];
  if (wanted === undefined) return socket;
  const native = nativeFor("requirepeer");
  const user = userId(wanted);
  socket.once("connect", () => {
    if (native.peerUser(descriptorOf(socket)) === user) return;
    socket.destroy(
      new DatabaseLoginError(`${host}: the server is not run by ${wanted}, whom requirepeer names`, {
        next: "look who listens there, or name another user",
      }),
    );
  });
  return socket;
}

function wholeNumber(parameters: Parameters, keyword: string): number | undefined {
  const text = parameters[keyword];
  if (text === undefined) return undefined;
  if (/^-?\d{1,9}$/.test(text)) return Math.max(0, Number(text));
  throw new UsageError(`${keyword}=${text} is no whole number`, `leave ${keyword} out, or give a number`);
}

/** A demand that cannot be kept is refused. */
function nativeFor(keyword: string): Native {
  const { native, missing } = nativeSupport();
  if (native !== null) return native;
  throw new UsageError(`${keyword} needs native calls: ${missing}`, `connect without ${keyword}`);
}

/** By the system's own program, which asks whatever directory of users it has. */
function userId(name: string): number {
  try {
    return Number(
      execFileSync("id", ["-u", "--", name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    );
  } catch (cause) {
    const next = "name the user who runs the server";
    throw new UsageError(`requirepeer=${name}: this machine has no such user`, { next, cause });
  }
}

function descriptorOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd;
}
