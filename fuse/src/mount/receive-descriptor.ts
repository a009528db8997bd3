/** Gets the open device from fusermount3, which passes it through a socket: node:net has no way to take a descriptor. */
import { closeSync } from "node:fs";
import { createRequire } from "node:module";
import { MountFailedError } from "@datadb/protocol";
import { runTool } from "./run-tool.ts";

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000;
const MSG_CMSG_CLOEXEC = 0x40000000;
/** Sizes of the C library's structures on 64-bit Linux. */
const MESSAGE_BYTES = 56;
const CONTROL_BYTES = 24;

interface Sockets {
  socketpair(domain: number, type: number, protocol: number, pair: Buffer): number;
  recvmsg(fd: number, message: Buffer, flags: number): number;
  addressOf(bytes: Buffer): bigint;
}

function loadSockets(): Sockets {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    const library = koffi.load(null);
    return {
      socketpair: library.func("int socketpair(int domain, int type, int protocol, void *pair)"),
      recvmsg: library.func("intptr_t recvmsg(int fd, void *message, int flags)"),
      addressOf: (bytes) => koffi.address(bytes),
    };
  } catch (error) {
    throw new MountFailedError(`koffi could not be loaded: ${(error as Error).message}`, {
      next: "install datadb with its optional packages, or mount as root",
      cause: error,
    });
  }
}

/** Runs fusermount3 and resolves with the descriptor of the mounted device. Throws MOUNT_FAILED with what it said. */
export async function receiveDescriptor(words: readonly string[]): Promise<number> {
  const sockets = loadSockets();
  const pair = Buffer.alloc(8);
  if (sockets.socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, pair) !== 0)
    throw new MountFailedError("a pair of sockets could not be made");
  const [ours, theirs] = [pair.readInt32LE(0), pair.readInt32LE(4)];
  try {
    const { code, said } = await runTool("fusermount3", words, {
      descriptor: theirs,
      env: { _FUSE_COMMFD: "3" },
    });
    if (code !== 0)
      throw new MountFailedError(`fusermount3 refused: ${said || `exit code ${code}`}`, {
        next: "install fuse3 (apt-get install fuse3), and see that this user may write to DIRECTORY and open /dev/fuse",
      });
    return receive(sockets, ours);
  } finally {
    closeSync(ours);
    closeSync(theirs);
  }
}

function receive(sockets: Sockets, socket: number): number {
  const byte = Buffer.alloc(1);
  const control = Buffer.alloc(CONTROL_BYTES);
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(sockets.addressOf(byte), 0);
  vector.writeBigUInt64LE(1n, 8);
  const message = Buffer.alloc(MESSAGE_BYTES);
  message.writeBigUInt64LE(sockets.addressOf(vector), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(sockets.addressOf(control), 32);
  message.writeBigUInt64LE(BigInt(CONTROL_BYTES), 40);
  // It has ended: what it sent is in the socket, and this cannot wait.
  const received = sockets.recvmsg(socket, message, MSG_CMSG_CLOEXEC);
  const [level, type] = [control.readInt32LE(8), control.readInt32LE(12)];
  if (received < 1 || level !== 1 || type !== 1)
    throw new MountFailedError("fusermount3 sent no descriptor of the device");
  return control.readInt32LE(16);
}
