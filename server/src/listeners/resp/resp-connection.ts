/** One client's connection: bytes in, commands to the session, replies out in order, and neither side ahead of the other. */
import type { Socket } from "node:net";
import { encodeReplies, encodeReply, type Reply, ReplyError } from "@datadb/protocol";
import type { Session } from "../../session/session.ts";
import { CommandParser } from "./command-parser.ts";
import { type ConnectionLimits, PARSER_LIMITS, UNAUTHENTICATED_LIMITS } from "./connection-limits.ts";
import { ProtocolError } from "./protocol-error.ts";
import { ReplyQueue } from "./reply-queue.ts";

/** What a BGET under way counts, before its size is known: above most chunks. */
const BGET_BYTES = 512 * 1024;
/** What a command counts besides its arguments. */
const COMMAND_BYTES = 256;
/** Replies are encoded and sent once so many bytes are gathered, by estimate. */
const BATCH_BYTES = 64 * 1024;

export class RespConnection {
  readonly session: Session;
  /** Milliseconds since 1970 of the last bytes that came. */
  lastInput: number = Date.now();
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #parser: CommandParser;
  readonly #queue = new ReplyQueue();
  /** Replies that need not wait for others. */
  #batch: Reply[] = [];
  #batchBytes = 0;
  /** A command that was parsed and must wait until everything before it is answered. */
  #held: Buffer[] | null = null;
  #ended = false;
  #flushing = false;
  #blocked = false;
  /** The client will send no more: what it sent is answered, then the connection ends. */
  #inputEnded = false;
  readonly #flushSoon = (): void => {
    this.#flushing = false;
    this.#flush();
    this.#pump();
  };

  constructor(socket: Socket, session: Session, limits: ConnectionLimits) {
    this.#socket = socket;
    this.session = session;
    this.#limits = limits;
    this.#parser = new CommandParser(session.user === null ? UNAUTHENTICATED_LIMITS : PARSER_LIMITS);
    socket.on("data", (chunk: Buffer) => {
      this.lastInput = Date.now();
      this.#parser.push(chunk);
      this.#pump();
    });
    socket.on("drain", () => this.#pump());
    socket.on("end", () => {
      this.#inputEnded = true;
      this.#pump();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#ended = true;
      session.close();
    });
  }

  /** Whether a command has begun and not ended, or commands are being answered. */
  get busy(): boolean {
    return this.#queue.length > 0 || this.session.monitoring;
  }

  /** Whether the client owes bytes: the rest of a command. */
  get partial(): boolean {
    return this.#parser.midCommand && !this.#blocked;
  }

  /** Sends an error that answers no command, and ends. */
  refuse(error: ReplyError): void {
    this.#queue.add(error, 0);
    this.#finish();
  }

  /** Sends what answers no command. */
  push(message: Reply): void {
    if (!this.#ended) this.#write(encodeReply(message, this.session.protocol));
  }

  #pump(): void {
    if (this.#ended) return;
    try {
      while (!this.#full()) {
        const args = this.#next();
        if (args === null) break;
        if (!this.#run(args)) break;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#queue.add(new ReplyError(error.message), 0);
      this.#finish();
      return;
    }
    this.#flush();
    if (this.session.closing || (this.#inputEnded && !this.#full())) this.#finish();
    this.#regulate();
  }

  /** Stops reading while the connection is full, and goes on when it is not. */
  #regulate(): void {
    const full = this.#full();
    if (full === this.#blocked) return;
    this.#blocked = full;
    if (full) this.#socket.pause();
    else {
      // Time that the client was not listened to does not count against it.
      this.lastInput = Date.now();
      this.#socket.resume();
    }
  }

  #full(): boolean {
    const { inFlightBytes, inFlightCommands, outputBytes } = this.#limits;
    const { length, bytes } = this.#queue;
    if (this.session.closing || bytes > inFlightBytes || length > inFlightCommands) return true;
    // Who it is decides what may follow, and what HELLO chooses holds from its own reply on.
    if (length > 0 && (this.session.user === null || this.#held !== null)) return true;
    return this.#socket.writableLength > outputBytes;
  }

  #next(): Buffer[] | null {
    const held = this.#held;
    if (held !== null) {
      this.#held = null;
      return held;
    }
    this.#parser.limits = this.session.user === null ? UNAUTHENTICATED_LIMITS : PARSER_LIMITS;
    return this.#parser.next();
  }

  /** Runs a command; false when it has to wait, or the connection is over. */
  #run(args: Buffer[]): boolean {
    const name = args[0]!;
    if (name.length === 5 && this.#queue.length > 0 && isWord(name, "hello")) {
      this.#held = args;
      return false;
    }
    if ((name.length === 4 || name.length === 5) && isWebRequest(name)) {
      this.#ended = true;
      this.#socket.destroy();
      return false;
    }
    const reply = this.session.execute(args);
    if (reply instanceof Promise) this.#await(reply, name, args);
    else if (this.#queue.length === 0) {
      this.#batch.push(reply);
      this.#batchBytes += estimatedBytes(reply);
      if (this.#batchBytes > BATCH_BYTES) this.#flush();
    } else this.#queue.add(reply, estimatedBytes(reply));
    return true;
  }

  #await(reply: Promise<Reply>, name: Buffer, args: readonly Buffer[]): void {
    let cost = COMMAND_BYTES;
    for (let i = 0; i < args.length; i++) cost += args[i]!.length;
    if (name.length === 4 && isWord(name, "bget")) cost += BGET_BYTES;
    const slot = this.#queue.add(undefined, cost);
    void reply.then((settled) => {
      this.#queue.fill(slot, settled);
      // One flush for all replies that come in the same turn.
      if (this.#flushing) return;
      this.#flushing = true;
      process.nextTick(this.#flushSoon);
    });
  }

  #flush(): void {
    if (this.#batch.length > 0) {
      const batch = this.#batch;
      this.#batch = [];
      this.#batchBytes = 0;
      this.#write(encodeReplies(batch, this.session.protocol));
    }
    if (this.#queue.length === 0) return;
    const ready = this.#queue.take();
    if (ready.length > 0) this.#write(encodeReplies(ready, this.session.protocol));
  }

  #write(buffers: readonly Buffer[]): void {
    if (this.#socket.destroyed) return;
    if (buffers.length === 1) {
      this.#socket.write(buffers[0]!);
      return;
    }
    this.#socket.cork();
    for (const buffer of buffers) this.#socket.write(buffer);
    this.#socket.uncork();
  }

  /** Ends the connection once everything before is answered. */
  #finish(): void {
    this.session.closing = true;
    this.#flush();
    if (this.#queue.length > 0 || this.#ended) return;
    this.#ended = true;
    this.#socket.end();
    // A client that sends on without reading the end must not keep the connection.
    this.#socket.resume();
  }
}

/** Values by their size, what is built of parts by a guess that is high for the usual. */
function estimatedBytes(reply: Reply): number {
  if (Buffer.isBuffer(reply)) return reply.length + 16;
  return typeof reply === "object" && reply !== null ? 256 : 16;
}

function isWord(name: Buffer, word: string): boolean {
  return name.toString("latin1").toLowerCase() === word;
}

/** A browser that was made to send its request here: POST to a command port is never a mistake of a client. */
function isWebRequest(name: Buffer): boolean {
  return isWord(name, "post") || isWord(name, "host:");
}
