/** Puts that have not ended: who puts a name that is on its way waits for that, and puts it not. */
import type { BlobRecord, RecordKind } from "@datadb/protocol";
import { createNameMap, type NameMap } from "../name-map.ts";

interface Claim {
  readonly name: Buffer;
  readonly ended: Promise<void>;
}

type Claims = Readonly<Record<RecordKind, NameMap<Claim>>>;

export interface InFlight {
  has(kind: RecordKind, name: Buffer): boolean;
  /** Runs `put` with those records whose names are not on their way; rejects when it fails, or one does that it waits for. */
  during(records: readonly BlobRecord[], put: (mine: readonly BlobRecord[]) => Promise<void>): Promise<void>;
  /** Resolves when all have ended that are under way now, however. */
  settled(): Promise<void>;
}

/** Those records whose names nobody had claimed; `waits` gets the ends of the others. */
function claim(
  claims: Claims,
  records: readonly BlobRecord[],
  ended: Promise<void>,
  waits: Set<Promise<void>>,
): BlobRecord[] {
  const mine: BlobRecord[] = [];
  for (let at = 0; at < records.length; at++) {
    const record = records[at]!;
    const { name } = record;
    const some = claims[record.kind];
    const other = some.get(name);
    if (other === undefined) {
      some.set(name, { name, ended });
      mine.push(record);
    } else if (other.ended !== ended) waits.add(other.ended);
  }
  return mine;
}

function release(claims: Claims, records: readonly BlobRecord[]): void {
  for (let at = 0; at < records.length; at++) {
    const { kind, name } = records[at]!;
    claims[kind].delete(name);
  }
}

export function createInFlight(): InFlight {
  const claims: Claims = { data: claimed(), node: claimed(), log: claimed() };
  const running = new Set<Promise<void>>();
  return {
    has: (kind, name) => claims[kind].has(name),
    async during(records, put) {
      const waits = new Set<Promise<void>>();
      let settle: (end: Promise<void>) => void = () => {};
      const ended = new Promise<void>((resolve) => {
        settle = resolve;
      });
      // Whoever waits for it sees how it ended.
      ended.catch(() => {});
      const mine = claim(claims, records, ended, waits);
      running.add(ended);
      try {
        if (mine.length > 0) await put(mine);
        settle(Promise.resolve());
      } catch (error) {
        settle(Promise.reject(error));
        throw error;
      } finally {
        release(claims, mine);
        running.delete(ended);
      }
      await Promise.all(waits);
    },
    async settled() {
      await Promise.allSettled(running);
    },
  };
}

function claimed(): NameMap<Claim> {
  return createNameMap(({ name }) => name);
}
