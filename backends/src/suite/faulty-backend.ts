/** A backend that fails on demand: for tests of what is built on backends. */
import { BackendUnavailableError } from "@datadb/protocol";
import type { Backend } from "../backend.ts";

/** The calls of the contract that may fail. */
type FaultyCall =
  | "hasMany"
  | "putMany"
  | "replaceMany"
  | "getMany"
  | "statMany"
  | "list"
  | "packs"
  | "distrustMany"
  | "setAside"
  | "removeMany"
  | "compact"
  | "flush"
  | "reindex";

/** What fails, and when. */
export interface Faults {
  /** An error for this call, or null. Asked before the call is made; with `done` after it has succeeded, so that only its answer is lost. */
  fault(call: FaultyCall, done: boolean): Error | null;
}

/** The error of a backend that cannot be reached. */
export function outage(): BackendUnavailableError {
  return new BackendUnavailableError("the simulated backend cannot be reached");
}

/** `inner`, with faults in front of it. */
export function faultyBackend(inner: Backend, faults: Faults): Backend {
  const guarded = async <T>(call: FaultyCall, work: () => Promise<T>): Promise<T> => {
    const before = faults.fault(call, false);
    if (before) throw before;
    const result = await work();
    const after = faults.fault(call, true);
    if (after) throw after;
    return result;
  };
  return {
    ...{ type: inner.type, description: inner.description, capabilities: inner.capabilities, inner: [inner] },
    hasMany: (...args) => guarded("hasMany", () => inner.hasMany(...args)),
    putMany: (...args) => guarded("putMany", () => inner.putMany(...args)),
    replaceMany: (...args) => guarded("replaceMany", () => inner.replaceMany(...args)),
    getMany: (...args) => guarded("getMany", () => inner.getMany(...args)),
    statMany: (...args) => guarded("statMany", () => inner.statMany(...args)),
    async *list(...args) {
      for await (const listing of inner.list(...args)) {
        const error = faults.fault("list", false);
        if (error) throw error;
        yield listing;
      }
    },
    packs: (...args) => guarded("packs", () => inner.packs(...args)),
    distrustMany: (...args) => guarded("distrustMany", () => inner.distrustMany(...args)),
    setAside: (...args) => guarded("setAside", () => inner.setAside(...args)),
    removeMany: (...args) => guarded("removeMany", () => inner.removeMany(...args)),
    compact: (...args) => guarded("compact", () => inner.compact(...args)),
    flush: (...args) => guarded("flush", () => inner.flush(...args)),
    reindex: (...args) => guarded("reindex", () => inner.reindex(...args)),
    counters: () => ({}),
    close: () => inner.close(),
  };
}
