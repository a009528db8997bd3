/** Commands and replies over an open socket: pipelined, in order, large arguments never copied. */
import type net from "node:net";
import {
  ConnectionLostError,
  type Decoded,
  encodeCommand,
  InterruptedError,
  type PlainReply,
  ReplyError,
  replyDecoder,
} from "@datadb/protocol";
import type { Connection, StoreFacts } from "../connection.ts";
import { leaveUnanswered } from "./leave-unanswered.ts";
import { parseStoreFacts } from "./store-facts.ts";

interface Pending {
  resolve(reply: PlainReply): void;
  reject(error: Error): void;
}

/**
 * @param shown the server's address, for messages.
 * @param signal once it is aborted, a server that does not answer for five seconds is not waited for: calls reject with INTERRUPTED.
 */
export function respClient(socket: net.Socket, shown: string, signal?: AbortSignal): Connection {
  // A queue that is read from `head` on: shift() of a long array moves all of it.
  let pending: Pending[] = [];
  let head = 0;
  let out: Buffer[] = [];
  let ended: Error | null = null;
  let facts: Promise<StoreFacts> | undefined;
  const leaving = leaveUnanswered(
    signal,
    () => head < pending.length,
    () => finish(new InterruptedError(`interrupted while ${shown} did not answer`)),
  );

  function onReply(reply: Decoded): void {
    leaving.answered();
    const waiting = pending[head++];
    if (waiting === undefined) return; // a push that nobody asked for
    if (head > 1024 && head * 2 > pending.length) {
      pending = pending.slice(head);
      head = 0;
    }
    if (reply instanceof ReplyError) waiting.reject(reply);
    else waiting.resolve(reply);
  }

  function end(why: string, cause?: unknown): void {
    if (ended !== null) return;
    const next = "run the command again; what the server has is not sent twice";
    const message = `the connection to ${shown} is lost: ${why}`;
    finish(new ConnectionLostError(message, { next, fields: { address: shown }, cause }));
  }

  function finish(error: Error): void {
    ended = error;
    leaving.stop();
    socket.destroy();
    const rejected = pending.slice(head);
    pending = [];
    head = 0;
    for (const { reject } of rejected) reject(error);
  }

  const decoder = replyDecoder(onReply);
  socket.on("data", (chunk: Buffer) => {
    try {
      decoder.feed(chunk);
    } catch (error) {
      end((error as Error).message, error);
    }
  });
  socket.on("error", (error) => end(error.message, error));
  socket.on("close", () => end("the server closed it"));

  function flush(): void {
    const buffers = out;
    out = [];
    if (ended !== null) return;
    socket.cork();
    for (const buffer of buffers) socket.write(buffer);
    socket.uncork();
  }

  const connection: Connection = {
    async call(...args) {
      if (ended !== null) throw ended;
      // All commands of one turn leave in one write.
      if (out.length === 0) process.nextTick(flush);
      encodeCommand(args, out);
      return await new Promise<PlainReply>((resolve, reject) => pending.push({ resolve, reject }));
    },
    async facts() {
      facts ??= connection.call("INFO", "store").then((info) => parseStoreFacts(String(info)));
      return await facts;
    },
    async close() {
      if (ended !== null) return;
      await connection.call("QUIT").catch(() => {});
      end("it was closed by this side");
    },
  };
  return connection;
}
