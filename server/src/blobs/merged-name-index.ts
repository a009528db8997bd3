/** Several indexes read as one, for a backend that keeps its data records in two places. */
import type { RecordKind } from "@datadb/protocol";
import type { FrozenIndex, NameIndex, RecordFacts } from "./name-index.ts";

type Pages = AsyncIterable<readonly RecordFacts[]>;

/** Records in a page. */
const PAGE_RECORDS = 1000;

async function* singly(pages: Pages): AsyncGenerator<RecordFacts> {
  // Views of a base live as long as the page: they are copied, since pages of others are read meanwhile.
  for await (const page of pages)
    for (const facts of page)
      yield { ...facts, name: Buffer.from(facts.name), base: facts.base && Buffer.from(facts.base) };
}

/** In order of names; of records with one name the first index's. */
async function* merged(all: readonly Pages[]): AsyncGenerator<readonly RecordFacts[]> {
  const readers = all.map(singly);
  const heads = await Promise.all(
    readers.map(async (reader) => (await reader.next()).value as RecordFacts | undefined),
  );
  let page: RecordFacts[] = [];
  for (;;) {
    let least: RecordFacts | undefined;
    for (const head of heads) if (head && (!least || head.name.compare(least.name) < 0)) least = head;
    if (least === undefined) break;
    page.push(least);
    for (const [at, head] of heads.entries())
      if (head?.name.equals(least.name))
        heads[at] = (await readers[at]!.next()).value as RecordFacts | undefined;
    if (page.length < PAGE_RECORDS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** `all`: one at least. */
export function mergedNameIndex(all: readonly NameIndex[]): NameIndex {
  const [only] = all;
  if (all.length === 1) return only!;
  return {
    records: (kind, from) => merged(all.map((index) => index.records(kind, from))),
    async freeze(): Promise<FrozenIndex> {
      const frozen = await Promise.all(all.map((index) => index.freeze()));
      return {
        records: (kind) => merged(frozen.map((index) => index.records(kind))),
        has: (kind: RecordKind, name) => frozen.some((index) => index.has(kind, name)),
        facts(kind, name) {
          for (const index of frozen) {
            const found = index.facts(kind, name);
            if (found !== null) return found;
          }
          return null;
        },
        close: async () => {
          await Promise.all(frozen.map((index) => index.close()));
        },
      };
    },
  };
}
