/** Reads a whole range of a LevelDB: the next page is fetched while one is used. */
import { type Level, levelError } from "./open-level.ts";

/** What one call into LevelDB brings at most: fewer calls than it makes by itself, and little enough that its memory is young when it is let go. */
const PAGE_ENTRIES = 1000;
const PAGE_BYTES: number = 256 * 1024;

/** Range and, where it is not the state of now, the state. */
export interface WholeRange {
  gte: Buffer;
  lt: Buffer;
  snapshot?: ReturnType<Level["snapshot"]>;
}

/** LevelDB hands out a key that is left out as an empty one: as text that costs next to nothing, as a Buffer a third of all. */
const NO_KEY = {
  name: "none",
  format: "utf8" as const,
  encode: (key: Buffer) => key as unknown as string,
  decode: () => "",
};

interface Pages<E> {
  nextv(size: number): Promise<E[]>;
  close(): Promise<void>;
}

async function* pagesOf<E>(level: Level, iterator: Pages<E>): AsyncGenerator<E[]> {
  const fetch = (): Promise<E[]> => {
    const page = iterator.nextv(PAGE_ENTRIES);
    // It may not be waited for any more when it fails.
    page.catch(() => {});
    return page;
  };
  try {
    let next = fetch();
    for (let page = await next; page.length > 0; page = await next) {
      next = fetch();
      yield page;
    }
  } catch (error) {
    throw levelError(level.location, error);
  } finally {
    await iterator.close();
  }
}

/** Pages of keys and values. Throws DAMAGED. */
export function readAll(level: Level, range: WholeRange): AsyncGenerator<[Buffer, Buffer][]> {
  return pagesOf(level, level.iterator({ ...range, highWaterMarkBytes: PAGE_BYTES }));
}

/** Pages of the values alone, for little more than half of the time. Throws DAMAGED. */
export async function* readAllValues(level: Level, range: WholeRange): AsyncGenerator<Buffer[]> {
  const options = { ...range, keys: false, keyEncoding: NO_KEY, highWaterMarkBytes: PAGE_BYTES };
  for await (const page of pagesOf(level, level.iterator<Buffer, Buffer>(options as never)))
    yield page.map(([, value]) => value);
}
