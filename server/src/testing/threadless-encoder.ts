/** An encoder for tests with many short-lived stores, where threads for each would take most of the time. */
import { setImmediate } from "node:timers/promises";
import { DatadbError, decodeChain, encodeAnew, encodeOnChain, hashOf } from "@datadb/protocol";
import type { Encoder } from "../encoder/encoder.ts";

/** In this thread, for sha256 stores. Closing it does nothing. */
export const threadless: Encoder = {
  async encode(kind, content, chain = []) {
    await setImmediate();
    return encodeOnChain("sha256", kind, hashOf("sha256", content), Buffer.from(content), chain);
  },
  verify: async (chains) =>
    chains.map((chain) => {
      try {
        decodeChain("sha256", chain);
        return true;
      } catch (error) {
        if (error instanceof DatadbError) return false;
        throw error;
      }
    }),
  async encodeAnew(jobs) {
    await setImmediate();
    return jobs.map(({ chain, base }) => encodeAnew("sha256", chain, base) ?? null);
  },
  close: async () => {},
};
