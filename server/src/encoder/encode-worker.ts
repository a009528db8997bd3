/** A thread of the encoder: one message with tasks in, one with results out. */
import { parentPort } from "node:worker_threads";
import { effortBucket } from "./effort-bucket.ts";
import type { EncodeAnswer, EncodeRequest, EncodeResult } from "./encode-message.ts";
import { anewTask, encodeTask, verifyTask } from "./encode-task.ts";

/** Payloads up to this size travel together in one ArrayBuffer: a transfer costs more than their copy. */
const SMALL_BYTES: number = 16 * 1024;

const effort = effortBucket();

/** What is sent back, and the memory that goes with it. */
interface Answer {
  readonly results: EncodeAnswer;
  readonly transfer: ArrayBuffer[];
}

/** Moves names and small payloads into one new ArrayBuffer, large payloads into one of their own when they share memory. */
function collect(results: readonly (EncodeResult | null)[]): Answer {
  let bytes = 0;
  for (const result of results)
    if (result !== null)
      bytes += result.name.length * 2 + (result.payload.length <= SMALL_BYTES ? result.payload.length : 0);
  const shared = new Uint8Array(bytes);
  const transfer = new Set<ArrayBuffer>([shared.buffer]);
  let at = 0;
  const move = (part: Uint8Array): Uint8Array => {
    const moved = shared.subarray(at, at + part.length);
    moved.set(part);
    at += part.length;
    return moved;
  };
  const moved = results.map((result) => {
    if (result === null) return null;
    const name = move(result.name);
    const base = result.base && move(result.base);
    if (result.payload.length <= SMALL_BYTES) return { ...result, name, base, payload: move(result.payload) };
    const { payload } = result;
    const whole = payload.byteLength === payload.buffer.byteLength ? payload : new Uint8Array(payload);
    transfer.add(whole.buffer as ArrayBuffer);
    return { ...result, name, base, payload: whole };
  });
  return { results: moved, transfer: [...transfer] };
}

function answer(request: EncodeRequest): Answer {
  const { hash } = request;
  if ("verify" in request)
    return { results: request.verify.map((task) => verifyTask(hash, task)), transfer: [] };
  if ("anew" in request) return collect(request.anew.map((task) => anewTask(hash, task)));
  return collect(request.encode.map((task) => encodeTask(hash, task, effort())));
}

parentPort?.on("message", (request: EncodeRequest) => {
  try {
    const { results, transfer } = answer(request);
    parentPort?.postMessage(results, transfer);
  } catch (error) {
    parentPort?.postMessage(error);
  }
});
