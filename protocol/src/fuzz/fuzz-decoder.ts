/** Feeds a decoder damaged input: it gives a value or an error that it declares, soon, and believes no length. */
import { SEED } from "../seed.ts";
import { fuzzRandom, mutate } from "./mutate.ts";

/** A decoder under test. */
export interface FuzzSubject {
  name: string;
  /** Valid inputs, from which others are made. */
  seeds: readonly Buffer[];
  decode(bytes: Buffer): unknown;
  /** Whether an error is one that the decoder declares. */
  declares(error: unknown): boolean;
}

export interface FuzzResult {
  inputs: number;
  /** How many of them gave a value. */
  accepted: number;
  slowestMs: number;
}

/** Inputs for each decoder: `npm run fuzz` sets a million. */
export const FUZZ_INPUTS: number = Number(process.env["DATADB_FUZZ_INPUTS"] ?? 10_000);

/** Far above what an input of some hundred bytes takes, and below what a person calls a hang, on a machine that is busy. */
const MAX_MS = 2000;
/** What may be held on top of what was held before, garbage included; inputs that believe lengths would soon take gigabytes. */
const MAX_BYTES: number = 512 * 1024 * 1024;
/** Memory is looked at once in so many inputs. */
const LOOK_EVERY = 256;

function held(): number {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

/** Throws with seed and input when the decoder does what it must not. */
export function fuzzDecoder(
  subject: FuzzSubject,
  inputs: number = FUZZ_INPUTS,
  seed: number = SEED,
): FuzzResult {
  const random = fuzzRandom(seed);
  const result: FuzzResult = { inputs, accepted: 0, slowestMs: 0 };
  for (const bytes of subject.seeds) subject.decode(Buffer.from(bytes));
  const before = held();
  for (let number = 0; number < inputs; number++) {
    const bytes = mutate(subject.seeds, random);
    const wrong = (what: string, cause?: unknown): Error =>
      new Error(
        `${subject.name} ${what}: input ${number} of seed ${seed}, ${bytes.toString("hex").slice(0, 2000)}`,
        { cause },
      );
    let accepted = 0;
    const decode = (): number => {
      const started = performance.now();
      try {
        subject.decode(Buffer.from(bytes));
        accepted = 1;
      } catch (error) {
        if (!subject.declares(error)) throw wrong(`threw ${String(error)}`, error);
      }
      return performance.now() - started;
    };
    let elapsed = decode();
    // The machine may have stood still: what takes long takes long again.
    if (elapsed > MAX_MS) elapsed = decode();
    result.accepted += accepted;
    result.slowestMs = Math.max(result.slowestMs, elapsed);
    if (elapsed > MAX_MS) throw wrong(`took ${Math.round(elapsed)} ms`);
    // What was not collected yet counts, too: so the cap is generous.
    if (number % LOOK_EVERY === 0 && held() - before > MAX_BYTES)
      throw wrong(`holds ${held() - before} bytes`);
  }
  return result;
}
