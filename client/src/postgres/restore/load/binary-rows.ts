/** Rows of COPY's text format as COPY's binary format, which costs the server a third less: up to the first row that has to stay text. */
import { type ContentPiece, pieceOf, takeInto } from "../../../cat/content-piece.ts";
import { SLAB_BYTES, slabStart } from "../../../chunker/slab-memory.ts";
import { wasmModule } from "../../../chunker/wasm-module.ts";
import { beginMessage, HEADER_BYTES } from "./copy-in.ts";
import { powersOfFive } from "./powers-of-five.ts";

interface Exports {
  powersAt(at: number): void;
  encodeRows(from: number, to: number, kinds: number, count: number, out: number, limit: number): number;
  reason(): number;
  encodedEnd(): number;
}

/** Why encodeRows stopped. */
const FULL = 1;
const OTHER = 2;

/** The longest message, and row: two take turns, of which one is filled while the other is sent. */
const MESSAGE_BYTES = 256 << 10;
/**
 * A message of several rows: the socket holds three of these. With one that it cannot hold the server waits while the next one is made,
 * and what is received lies beyond a core's cache before it is used.
 */
const USUAL_BYTES = 64 << 10;
/** Where the kinds of the columns are, of which a table has 1600 at most, and powers of five: before all rows. */
const KINDS = 1024;
const POWERS = 4096;
const ROWS = slabStart(0);
const MESSAGES = [slabStart(1), slabStart(1) + MESSAGE_BYTES] as const;

/** Its signature, no flags, no more of a header. */
const FORMAT_HEADER = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const FORMAT_TRAILER = Buffer.from([0xff, 0xff]);

interface BinaryRequest {
  /** Rows of COPY's text format, cut anywhere. */
  source: AsyncIterable<ContentPiece>;
  /** Of binary-kinds.ts. */
  kinds: Uint8Array;
  /** Two slabs, of which this makes use until all is sent. */
  memory: WebAssembly.Memory;
  /** Told where the text of rows lies that were made binary. */
  onRows(from: number, to: number): void;
}

export interface BinaryRows {
  /** CopyData, for copyMessagesIn. */
  messages: AsyncIterable<Buffer>;
  /** When `messages` has ended: all that is still to be sent, as text, beginning with a row; null when there is nothing. */
  left(): AsyncIterable<ContentPiece> | null;
}

export function binaryRows({ source, kinds, memory, onRows }: BinaryRequest): BinaryRows {
  const input = source[Symbol.asyncIterator]();
  const view = Buffer.from(memory.buffer);
  const out = messageWriter(memory, kinds);
  let left: AsyncIterable<ContentPiece> | null = null;

  async function* remaining(first: readonly Buffer[]): AsyncGenerator<ContentPiece> {
    yield* first.map(pieceOf);
    yield* { [Symbol.asyncIterator]: () => input };
  }

  async function* encoded(): AsyncGenerator<Buffer> {
    out.append(FORMAT_HEADER);
    let end = ROWS;
    while (left === null) {
      const { value, done } = await input.next();
      if (done === true) break;
      if (end + value.length > ROWS + SLAB_BYTES) {
        left = remaining([Buffer.from(view.subarray(ROWS, end)), value.take()]);
        break;
      }
      takeInto(value, view.subarray(end, end + value.length));
      end += value.length;
      let from = ROWS;
      for (;;) {
        const { next, state } = out.encode(from, end);
        onRows(from, next);
        from = next;
        if (state === "full") yield out.flush();
        else if (state === "whole") break;
        else {
          left = remaining([Buffer.from(view.subarray(from, end))]);
          break;
        }
      }
      view.copyWithin(ROWS, from, end);
      end = ROWS + end - from;
    }
    if (left === null && end > ROWS) left = remaining([Buffer.from(view.subarray(ROWS, end))]);
    out.append(FORMAT_TRAILER);
    yield out.flush();
  }

  async function* messages(): AsyncGenerator<Buffer> {
    try {
      yield* encoded();
    } finally {
      if (left === null) await input.return?.();
    }
  }
  return { messages: messages(), left: () => left };
}

interface MessageWriter {
  append(bytes: Buffer): void;
  /** Rows at [from, to); `next`: behind those that were written. `other`: the next one cannot be. */
  encode(from: number, to: number): { next: number; state: "whole" | "full" | "other" };
  /** The message; a new one begins. */
  flush(): Buffer;
}

function messageWriter(memory: WebAssembly.Memory, kinds: Uint8Array): MessageWriter {
  const { exports } = new WebAssembly.Instance(wasmModule("binary-rows"), { env: { memory } });
  const wasm = exports as unknown as Exports;
  const view = Buffer.from(memory.buffer);
  view.set(kinds, KINDS);
  view.set(powersOfFive(), POWERS);
  wasm.powersAt(POWERS);
  let turn: 0 | 1 = 0;
  let at = MESSAGES[turn] + HEADER_BYTES;
  return {
    append(bytes) {
      bytes.copy(view, at);
      at += bytes.length;
    },
    encode(from, to) {
      const isEmpty = at === MESSAGES[turn] + HEADER_BYTES;
      for (const bytes of isEmpty ? [USUAL_BYTES, MESSAGE_BYTES] : [USUAL_BYTES]) {
        const limit = MESSAGES[turn] + bytes - FORMAT_TRAILER.length;
        const next = wasm.encodeRows(from, to, KINDS, kinds.length, at, limit);
        at = wasm.encodedEnd();
        const reason = wasm.reason();
        if (reason === OTHER) return { next, state: "other" };
        if (reason !== FULL) return { next, state: "whole" };
        if (!isEmpty || next > from) return { next, state: "full" };
      }
      // What an empty message has no room for has none in any.
      return { next: from, state: "other" };
    },
    flush() {
      const message = view.subarray(MESSAGES[turn], at);
      beginMessage(message);
      turn = turn === 0 ? 1 : 0;
      at = MESSAGES[turn] + HEADER_BYTES;
      return message;
    },
  };
}
