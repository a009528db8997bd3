/** The Backend over a link. */
import { RECORD_KINDS } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { untilAborted } from "../until-aborted.ts";
import type { Request } from "./link.ts";
import { listRemote } from "./list-remote.ts";
import { getRecords, hasRecords, packsOf, statRecords } from "./read-records.ts";
import { readNumbers } from "./record-replies.ts";
import type { RemoteState } from "./remote-state.ts";
import { flushRecords, putRecords, replaceRecords, tellNames } from "./write-records.ts";

type Changes = "putMany" | "replaceMany" | "distrustMany" | "setAside" | "removeMany" | "flush";

/** See Backend. */
export function remoteBackend(state: RemoteState): Backend {
  const { link, shown } = state;
  let closed = false;
  const check = (signal?: AbortSignal): void => {
    if (closed) throw new TypeError(`the backend ${shown} is closed`);
    signal?.throwIfAborted();
  };
  /** Begins the work when it may, and stops waiting for it when the signal says so. */
  const run = async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    check(signal);
    return await untilAborted(work(), signal);
  };
  return {
    type: "remote",
    description: `remote ${shown}`,
    capabilities: { cold: false, ranged: true, durable: state.welcome.durable, writable: true },
    inner: [],
    namesIn: () => null,
    hasMany: (kind, names, signal) => run(() => hasRecords(state, kind, names), signal),
    getMany: (kind, names, signal) => run(() => getRecords(state, kind, names), signal),
    statMany: (kind, names, signal) => run(() => statRecords(state, kind, names), signal),
    async *list(kind, signal, pack) {
      check(signal);
      yield* listRemote(link, kind, signal, pack);
    },
    packs: (kind) => run(() => packsOf(state, kind)),
    ...changes(state, check),
    compact: ({ unused, signal }) =>
      run(async () => {
        const none = { packs: 0, returned: 0, rewritten: 0, unused: 0 };
        return { ...none, ...(await long(state, ["COMPACT", Math.round(unused * 1000)], signal)) };
      }, signal),
    reindex: (signal) =>
      run(async () => {
        const none = { packs: 0, records: 0, bytes: 0, damaged: 0 };
        return { ...none, ...(await long(state, ["REINDEX"], signal)) };
      }, signal),
    counters: () => ({
      ...state.counts,
      "records-lost": state.recordsLost + state.serverLost,
      "packs-lost": state.welcome.packsLost,
      "ranges-damaged": state.welcome.rangesDamaged,
      "open-fds": link.count(),
    }),
    async close() {
      if (closed) return;
      closed = true;
      try {
        await flushRecords(state, RECORD_KINDS);
        if (state.welcome.recovered && state.told) await link.call(["KNOWN"]);
      } finally {
        link.close();
      }
    },
  };
}

function changes(state: RemoteState, check: (signal?: AbortSignal) => void): Pick<Backend, Changes> {
  return {
    async putMany(records, signal) {
      check(signal);
      await putRecords(state, records);
    },
    async replaceMany(kind, records) {
      check();
      await replaceRecords(state, kind, records);
    },
    async distrustMany(kind, names) {
      check();
      await tellNames(state, "DISTRUST", kind, names);
    },
    async setAside(kind, names) {
      check();
      return (await tellNames(state, "ASIDE", kind, names)).map((path) => `${state.shown}:${path}`);
    },
    async removeMany(kind, names) {
      check();
      await tellNames(state, "REMOVE", kind, names);
      for (const name of names) state.waiting.settled(kind, name);
    },
    async flush(kinds = RECORD_KINDS) {
      check();
      await flushRecords(state, kinds);
    },
  };
}

/** Something long, on a connection of its own: it ends with that. */
async function long(
  { link }: RemoteState,
  request: Request,
  signal: AbortSignal | undefined,
): Promise<Record<string, number>> {
  const alone = await link.alone();
  try {
    return readNumbers(await untilAborted(alone.call(request), signal));
  } finally {
    alone.close();
  }
}
