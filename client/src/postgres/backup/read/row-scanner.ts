/** Takes many rows out of COPY's messages in one call, in WebAssembly: what key-hash.ts and row-cutter.ts do row by row. */
import { wasmModule } from "../../../chunker/wasm-module.ts";
import type { RowSum, RowSumExports } from "../../rows/row-sum.ts";
import { LONG_BYTES, MAX_CHUNK_BYTES } from "./threshold.ts";

interface Exports extends RowSumExports {
  configure(what: number, low: number, high: number, chunk: number, long: number, summed: number): void;
  take(at: number, end: number, out: number, have: number, limit: number, mask: number): number;
  gather(
    at: number,
    end: number,
    out: number,
    have: number,
    limit: number,
    mostRows: number,
    mostBytes: number,
    keys: number,
  ): number;
  follow(at: number): void;
  isAscending(): number;
  upTo(at: number, end: number, mostRows: number, mostBytes: number): number;
  cut(at: number, end: number, mask: number): number;
  begunBytes(): number;
  takenRows(): number;
  longRows(): number;
  longBytes(): number;
  hasEnded(): number;
  lastHash(): number;
  lastBytes(): number;
}

/** One for each thread that reads: state is its own. */
export interface RowScanner {
  /** Whether it knows the hash of such rows; false: they are taken one by one. `sum`: how they are summed up, if they are. */
  begin(fields: readonly number[] | null, format: "text" | "binary", sum?: RowSum | null): boolean;
  /** As assembly/rows.ts and assembly/row-sum.ts say. */
  readonly wasm: Omit<Exports, "configure" | "configureSum">;
}

const FIRST_FIELD = 0;
const FIELDS = 1;
const EDGES = 2;
/** Fields whose place is a bit. */
const MOST_FIELDS = 64;

/** `memory`: where both the messages and the slabs are. */
export function rowScanner(memory: WebAssembly.Memory): RowScanner {
  const instance = new WebAssembly.Instance(wasmModule("rows"), { env: { memory } });
  const wasm = instance.exports as Exports;
  return {
    wasm,
    begin(fields, format, sum = null) {
      if (format === "binary" || (fields?.at(-1) ?? 0) >= MOST_FIELDS) return false;
      let [low, high] = [0, 0];
      for (const field of fields ?? []) {
        if (field < 32) low |= 1 << field;
        else high |= 1 << (field - 32);
      }
      const first = fields?.length === 1 && fields[0] === 0;
      const form = fields === null ? EDGES : first ? FIRST_FIELD : FIELDS;
      wasm.configure(form, low, high, MAX_CHUNK_BYTES, LONG_BYTES, sum === null ? 0 : 1);
      if (sum !== null) wasm.configureSum(sum.seed, sum.columns, sum.ints, sum.longs, sum.nullable);
      return true;
    },
  };
}
