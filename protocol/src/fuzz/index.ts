/** Test equipment for decoders of other rooms. */
export { FUZZ_INPUTS, type FuzzResult, type FuzzSubject, fuzzDecoder } from "./fuzz-decoder.ts";
