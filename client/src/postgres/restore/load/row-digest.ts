/** A digest of a table's rows, by which what was sent and what is read back are compared. */
import { createHash, type Hash } from "node:crypto";
import { INPUT_BYTES, inputStart, SLAB_BYTES, slabMemory, slabStart } from "../../../chunker/slab-memory.ts";
import { wasmModule } from "../../../chunker/wasm-module.ts";
import type { RowSink } from "../../backup/read/row-sink.ts";
import type { Session } from "../../connect/session.ts";
import type { RowSum, RowSumExports } from "../../rows/row-sum.ts";

/**
 * Of text: the same for the same rows in any order, and to be added up. Of the binary format: a hash of all bytes. Null where a row was
 * too long to be summed up as the server does.
 */
export type RowsDigest = bigint | string | null;

interface RowDigester {
  /** Where a socket may read to: rows are looked at where they lie. */
  readonly input: Buffer;
  /** `sum`: digests of text are those sums, which the server can compute as well. */
  begin(format: "text" | "binary", sum?: RowSum | null): void;
  /** Bytes of rows, cut anywhere. */
  update(bytes: Buffer): void;
  /** Two slabs, which are free for others while update() has only been given whole rows. */
  readonly memory: WebAssembly.Memory;
  /** Whole rows of text that lie there. */
  addRows(from: number, to: number): void;
  /** Takes the rows of COPY. */
  readonly sink: RowSink;
  finish(): RowsDigest;
}

interface Exports {
  begin(): void;
  addRows(from: number, to: number): number;
  addMessages(from: number, to: number): number;
  low(): number;
  high(): number;
}

type SumExports = RowSumExports & Pick<Exports, "addRows">;

/** What adds rows that lie in the memory, in one of two ways. */
interface RowAdder extends Pick<Exports, "addRows" | "addMessages"> {
  /** `sum` null: digests that only this side computes. */
  begin(sum: RowSum | null): void;
  readonly isSummed: boolean;
  finish(): bigint;
}

function rowAdder(memory: WebAssembly.Memory): RowAdder {
  const own = new WebAssembly.Instance(wasmModule("digest"), { env: { memory } }).exports as Exports;
  let sums: SumExports | null = null;
  let isSummed = false;
  return {
    begin(sum) {
      isSummed = sum !== null;
      own.begin();
      if (sum === null) return;
      sums ??= new WebAssembly.Instance(wasmModule("row-sum"), { env: { memory } }).exports as SumExports;
      sums.configureSum(sum.seed, sum.columns, sum.ints, sum.longs, sum.nullable);
    },
    get isSummed() {
      return isSummed;
    },
    addRows: (from, to) => (isSummed ? sums! : own).addRows(from, to),
    addMessages: own.addMessages,
    finish: () =>
      isSummed
        ? BigInt.asUintN(64, sums!.takeSum())
        : (BigInt(own.high() >>> 0) << 32n) | BigInt(own.low() >>> 0),
  };
}

/** Longer rows are hashed piece by piece. */
const LONGEST_ROW_BYTES = SLAB_BYTES;
const START = slabStart(0);
const SLABS = 2;

/** For one stream of rows at a time. */
export function rowDigester(): RowDigester {
  const memory = slabMemory(SLABS, 1);
  const view = Buffer.from(memory.buffer);
  const adder = rowAdder(memory);
  let whole: Hash | null = null;
  /** The row under way when it is too long, and the sum of such rows. */
  let long: Hash | null = null;
  let longSum: bigint | null = 0n;
  /** Bytes of a row that has not ended. */
  let kept = 0;

  function endLong(): void {
    const digest = long!.digest().readBigUInt64LE();
    longSum = longSum === null || adder.isSummed ? null : longSum + digest;
    long = null;
  }

  function updateLong(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(0x0a, from) + 1;
    long!.update(bytes.subarray(from, end || bytes.length));
    if (end > 0) endLong();
    return end || bytes.length;
  }

  function update(bytes: Buffer): void {
    if (whole !== null) return void whole.update(bytes);
    for (let from = 0; from < bytes.length; ) {
      if (long !== null) {
        from = updateLong(bytes, from);
        continue;
      }
      const size = Math.min(LONGEST_ROW_BYTES - kept, bytes.length - from);
      bytes.copy(view, START + kept, from, from + size);
      from += size;
      const end = START + kept + size;
      const next = adder.addRows(START, end);
      kept = end - next;
      if (kept === LONGEST_ROW_BYTES) {
        long = createHash("sha256").update(view.subarray(START, end));
        kept = 0;
      } else if (kept > 0) view.copyWithin(START, next, end);
    }
  }

  return {
    input: view.subarray(inputStart(SLABS, 0), inputStart(SLABS, 0) + INPUT_BYTES),
    begin(format, sum = null) {
      whole = format === "binary" ? createHash("sha256") : null;
      adder.begin(sum);
      long = null;
      longSum = 0n;
      kept = 0;
    },
    update,
    memory,
    addRows: adder.addRows,
    sink: {
      bytes: 0,
      begin: () => true,
      room: async () => {},
      end: () => true,
      write(source, from, to) {
        update(source.subarray(from, to));
        return to - from;
      },
      take(source, from, to) {
        if (whole !== null || source.buffer !== view.buffer) return 0;
        const at = source.byteOffset + from;
        return adder.addMessages(at, source.byteOffset + to) - at;
      },
    },
    finish() {
      if (whole !== null) return whole.digest("hex");
      // What ends without a line feed counts as a row all the same.
      if (kept > 0) long = createHash("sha256").update(view.subarray(START, START + kept));
      if (long !== null) endLong();
      if (longSum === null) return null;
      return BigInt.asUintN(64, adder.finish() + longSum);
    },
  };
}

/** Of the rows of both. */
export function bothDigests(one: RowsDigest, other: RowsDigest): RowsDigest {
  if (one === null || other === null) return null;
  if (typeof one === "bigint" && typeof other === "bigint") return BigInt.asUintN(64, one + other);
  throw new TypeError("digests of the binary format cannot be added up");
}

const digesters = new WeakMap<Session, RowDigester>();

/** The digester of a session, which reads and sends one stream at a time. */
export function digesterOf(session: Session): RowDigester {
  const there = digesters.get(session) ?? rowDigester();
  digesters.set(session, there);
  return there;
}

/** Makes `digester` that of a session. */
export function setDigester(session: Session, digester: RowDigester): void {
  digesters.set(session, digester);
}
