/** When each pack was last verified from end to end: in local/, so that a check begins with what was not looked at for longest. */
import { ByteReader, ByteWriter } from "@datadb/protocol";
import { guardLevel, type Level } from "../keyspace/open-level.ts";

/** First byte of the keys. Permanent. */
const PREFIX = Buffer.from("s");
/** The key of the time at which a check of everything began that has not ended. No pack has such a name, and "s" alone marks a sweep. Permanent. */
const BEGUN_KEY = Buffer.concat([PREFIX, Buffer.from([0])]);

/** Dates in milliseconds since 1970. */
export interface ScrubDates {
  /** 0 for a pack that was never verified, or at a time that is still to come. */
  verified(pack: string): Promise<number>;
  /** The pack was read to its end, and nothing was wrong. */
  noteVerified(pack: string): Promise<void>;
  /** When the check of everything began that was interrupted, or now: it is noted. */
  begin(): Promise<number>;
  /** Everything was looked at. */
  end(): Promise<void>;
}

function encode(time: number): Buffer {
  const writer = new ByteWriter(10);
  writer.varint(time);
  return writer.finish();
}

export function openScrubDates(local: Level, now: () => number): ScrubDates {
  const read = async (key: Buffer): Promise<number> => {
    const value = await guardLevel(local, local.get(key));
    return value === undefined ? 0 : new ByteReader(value).varint();
  };
  const keyOf = (pack: string): Buffer => Buffer.concat([PREFIX, Buffer.from(pack)]);
  return {
    async verified(pack) {
      const time = await read(keyOf(pack));
      // A clock that was wrong must not spare a pack for ever.
      return time > now() ? 0 : time;
    },
    noteVerified: (pack) => guardLevel(local, local.put(keyOf(pack), encode(now()))),
    async begin() {
      const begun = await read(BEGUN_KEY);
      if (begun > 0) return begun;
      const time = now();
      await guardLevel(local, local.put(BEGUN_KEY, encode(time)));
      return time;
    },
    end: () => guardLevel(local, local.del(BEGUN_KEY)),
  };
}
