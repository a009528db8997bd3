/** Commands and replies over one open socket: pipelined, answered in order. */
import type net from "node:net";
import {
  BackendUnavailableError,
  type CommandArgument,
  type Decoded,
  encodeCommand,
  MAX_LOG_RECORD_BYTES,
  type PlainReply,
  ReplyError,
  replyDecoder,
} from "@datadb/protocol";

/** A record at its limit, with what wrappers add. */
const BULK_LIMIT: number = 2 * MAX_LOG_RECORD_BYTES;

export interface Wire {
  /** Sends commands in a row; resolves with their replies, or rejects with the first ReplyError, or BACKEND_UNAVAILABLE when it breaks. */
  call(commands: readonly (readonly CommandArgument[])[]): Promise<PlainReply[]>;
  /** It broke, or was closed. */
  readonly ended: boolean;
  close(): void;
}

interface Pending {
  resolve(reply: PlainReply): void;
  reject(error: Error): void;
}

export function openWire(socket: net.Socket, shown: string): Wire {
  let pending: Pending[] = [];
  let ended: Error | null = null;

  function end(why: string): void {
    if (ended !== null) return;
    ended = new BackendUnavailableError(`the connection to ${shown} is lost: ${why}`, {
      fields: { address: shown },
    });
    socket.destroy();
    const left = pending;
    pending = [];
    for (const { reject } of left) reject(ended);
  }

  function take(reply: Decoded): void {
    const waiting = pending.shift();
    if (reply instanceof ReplyError) waiting?.reject(reply);
    else waiting?.resolve(reply);
  }

  const decoder = replyDecoder(take, BULK_LIMIT);
  socket.on("data", (chunk: Buffer) => {
    try {
      decoder.feed(chunk);
    } catch (error) {
      end((error as Error).message);
    }
  });
  socket.on("error", (error) => end(error.message));
  socket.on("close", () => end("the server closed it"));

  return {
    get ended() {
      return ended !== null;
    },
    async call(commands) {
      if (ended !== null) throw ended;
      const replies = commands.map(
        () => new Promise<PlainReply>((resolve, reject) => pending.push({ resolve, reject })),
      );
      socket.cork();
      for (const command of commands) for (const bytes of encodeCommand(command)) socket.write(bytes);
      socket.uncork();
      const settled = await Promise.allSettled(replies);
      const failed = settled.find(({ status }) => status === "rejected");
      if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
      return settled.map((one) => (one as PromiseFulfilledResult<PlainReply>).value);
    },
    close: () => end("it was closed by this side"),
  };
}
