/** What the kernel knows of sockets and node:net does not tell. */
import type { CLibrary } from "./c-library.ts";
import { errnoError } from "./errno.ts";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const IPPROTO_TCP = 6;
/** struct ucred: process, user, group, 4 bytes each. */
const CREDENTIALS_BYTES = 12;
const USER_OFFSET = 4;

/** Options of TCP that have a whole number as value. */
export const TCP_OPTION = { keepaliveInterval: 5, keepaliveCount: 6, userTimeout: 18 } as const;

export interface SocketCalls {
  /** The user id of the process that listens, or listened, at the other end of a connected socket of this machine. */
  peerUser(fd: number): number;
  /** `option` is one of TCP_OPTION: seconds, probes, milliseconds. */
  setTcpOption(fd: number, option: number, value: number): void;
}

export function socketCalls(c: CLibrary): SocketCalls {
  return {
    peerUser(fd) {
      const credentials = Buffer.alloc(CREDENTIALS_BYTES);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(CREDENTIALS_BYTES);
      if (c.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length) < 0)
        throw errnoError(c.errno(), "getsockopt");
      return credentials.readUInt32LE(USER_OFFSET);
    },
    setTcpOption(fd, option, value) {
      const number = Buffer.alloc(4);
      number.writeInt32LE(value);
      if (c.setsockopt(fd, IPPROTO_TCP, option, number, number.length) < 0)
        throw errnoError(c.errno(), "setsockopt");
    },
  };
}
