/** Puts that have not ended: who puts a name that is on its way waits for that, and puts it not. */
import type { BlobRecord, RecordKind } from "@datadb/protocol";
import { hashOfName } from "../name-map.ts";

/** One put, and which names it has claimed. It goes as a whole: nothing has to be taken back for each name. */
interface Put {
  readonly mine: BlobRecord[];
  /** Open addressing, two numbers a place: the hash of a name, 0 where the place is free, and where its record is in `mine`. At least half of the places are free. */
  readonly places: Int32Array;
  readonly ended: Promise<void>;
}

export interface InFlight {
  has(kind: RecordKind, name: Buffer): boolean;
  /** Runs `put` with those records whose names are not on their way; rejects when it fails, or one does that it waits for. */
  during(records: readonly BlobRecord[], put: (mine: readonly BlobRecord[]) => Promise<void>): Promise<void>;
  /** Resolves when all have ended that are under way now, however. */
  settled(): Promise<void>;
}

/** The place of a name, or the free one where it would be. */
function placeOf({ mine, places }: Put, kind: RecordKind, name: Buffer, hash: number): number {
  const mask = places.length - 1;
  let place = (2 * hash) & mask;
  while (places[place] !== 0) {
    const record = places[place] === hash ? mine[places[place + 1]!]! : null;
    if (record !== null && record.kind === kind && record.name.equals(name)) break;
    place = (place + 2) & mask;
  }
  return place;
}

function newPut(count: number, ended: Promise<void>): Put {
  const places = new Int32Array(2 ** (2 + Math.ceil(Math.log2(Math.max(1, count)))));
  return { mine: [], places, ended };
}

/** The one that has claimed a name. */
function holderOf(puts: readonly Put[], kind: RecordKind, name: Buffer, hash: number): Put | null {
  for (let at = 0; at < puts.length; at++) {
    const put = puts[at]!;
    if (put.places[placeOf(put, kind, name, hash)] !== 0) return put;
  }
  return null;
}

/** Claims those names for `own` that nobody has claimed; the result are the ends of the others. */
function claim(own: Put, others: readonly Put[], records: readonly BlobRecord[]): Set<Promise<void>> {
  const waits = new Set<Promise<void>>();
  for (let at = 0; at < records.length; at++) {
    const record = records[at]!;
    const hash = hashOfName(record.name);
    const holder = holderOf(others, record.kind, record.name, hash);
    if (holder !== null) {
      waits.add(holder.ended);
      continue;
    }
    const place = placeOf(own, record.kind, record.name, hash);
    if (own.places[place] !== 0) continue;
    own.places[place] = hash;
    own.places[place + 1] = own.mine.push(record) - 1;
  }
  return waits;
}

export function createInFlight(): InFlight {
  const running = new Set<Put>();
  return {
    has: (kind, name) => holderOf([...running], kind, name, hashOfName(name)) !== null,
    async during(records, put) {
      let settle: (end: Promise<void>) => void = () => {};
      const ended = new Promise<void>((resolve) => {
        settle = resolve;
      });
      // Whoever waits for it sees how it ended.
      ended.catch(() => {});
      const own = newPut(records.length, ended);
      const waits = claim(own, [...running], records);
      running.add(own);
      try {
        if (own.mine.length > 0) await put(own.mine);
        settle(Promise.resolve());
      } catch (error) {
        settle(Promise.reject(error));
        throw error;
      } finally {
        running.delete(own);
      }
      await Promise.all(waits);
    },
    async settled() {
      await Promise.allSettled([...running].map((put) => put.ended));
    },
  };
}
