/** Which records were accepted and are not durable yet, and which of them a restart of the server has made doubtful. */
import { RECORD_KINDS, type RecordKind } from "@datadb/protocol";

export interface Unflushed {
  accepted(kind: RecordKind, name: Buffer): void;
  /** Everything that is accepted by now, of these kinds: durable, or doubtful, as the flush of it ends. The latter returns how many. */
  begin(kinds: readonly RecordKind[]): { durable(): void; doubtful(): number };
  /** Names by kind. */
  names(kind: RecordKind): Buffer[];
  /** Nobody knows whether it was accepted: it counts as absent until it is put again. */
  doubt(kind: RecordKind, name: Buffer): void;
  isDoubtful(kind: RecordKind, name: Buffer): boolean;
  /** It was put again, or removed. */
  settled(kind: RecordKind, name: Buffer): void;
}

export function unflushed(): Unflushed {
  const waiting = new Map<RecordKind, Map<string, number>>(RECORD_KINDS.map((kind) => [kind, new Map()]));
  const doubted = new Map<RecordKind, Set<string>>(RECORD_KINDS.map((kind) => [kind, new Set()]));
  let serial = 0;

  function end(kinds: readonly RecordKind[], until: number, how: "durable" | "doubtful"): number {
    let count = 0;
    for (const kind of kinds) {
      const names = waiting.get(kind)!;
      for (const [name, at] of names) {
        if (at > until) continue;
        names.delete(name);
        if (how === "doubtful") doubted.get(kind)!.add(name);
        count += 1;
      }
    }
    return count;
  }

  return {
    accepted(kind, name) {
      serial += 1;
      waiting.get(kind)!.set(name.toString("latin1"), serial);
    },
    begin(kinds) {
      const until = serial;
      return {
        durable: () => void end(kinds, until, "durable"),
        doubtful: () => end(kinds, until, "doubtful"),
      };
    },
    names: (kind) => [...waiting.get(kind)!.keys()].map((name) => Buffer.from(name, "latin1")),
    doubt: (kind, name) => void doubted.get(kind)!.add(name.toString("latin1")),
    isDoubtful: (kind, name) =>
      doubted.get(kind)!.size > 0 && doubted.get(kind)!.has(name.toString("latin1")),
    settled(kind, name) {
      const names = doubted.get(kind)!;
      if (names.size > 0) names.delete(name.toString("latin1"));
    },
  };
}
