/** RECORDS HAS, GET, STAT, PACKS, LIST, NEXT */
import type { RecordInfo } from "@datadb/backends";
import { encodeRecord, MAX_BATCH_NAMES, type Reply, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { type Attached, attached } from "./attached.ts";
import { kindOf, namesOf } from "./parse.ts";

export const has: CommandHandler = async (session, args) => {
  const found = attached(session, args[2]!);
  return Buffer.from(await found.place.backend.hasMany(kindOf(args[3]!), namesOf(found, args[4]!)));
};

export const get: CommandHandler = async (session, args) => {
  const found = attached(session, args[2]!);
  const names = namesOf(found, args[4]!);
  if (names.length > MAX_BATCH_NAMES) throw new ReplyError(`ERR at most ${MAX_BATCH_NAMES} names`);
  const records = await found.place.backend.getMany(kindOf(args[3]!), names);
  return records.map((record) => record && Buffer.concat(encodeRecord(record)));
};

export const stat: CommandHandler = async (session, args) => {
  const found = attached(session, args[2]!);
  const infos = await found.place.backend.statMany(kindOf(args[3]!), namesOf(found, args[4]!));
  return infos.map((info) => {
    if (info === null) return null;
    const { encoding, base, length, payloadLength, pack, offset } = info;
    return [encoding, base, length, payloadLength, pack, offset];
  });
};

export const packs: CommandHandler = async (session, args) => {
  const all = await attached(session, args[2]!).place.backend.packs(kindOf(args[3]!));
  return all.flatMap(({ pack, bytes }): Reply[] => [pack, bytes]);
};

export const list: CommandHandler = async (session, args) => {
  const found = attached(session, args[2]!);
  await found.listing?.return?.();
  const { backend } = found.place;
  const pack = args[4]!.toString("latin1", 0, 256);
  found.listing = backend.list(kindOf(args[3]!), found.ended, pack)[Symbol.asyncIterator]();
  return nextListing(found);
};

export const next: CommandHandler = (session, args) => nextListing(attached(session, args[2]!));

async function nextListing(found: Attached): Promise<Reply> {
  const step = await found.listing?.next();
  if (step === undefined || step.done === true) {
    found.listing = null;
    return null;
  }
  const { torn, damaged, records } = step.value;
  return [torn ?? null, damaged.flatMap(({ from, to }) => [from, to]), ...records.map(listed)];
}

function listed({ name, encoding, base, length, payloadLength, offset }: RecordInfo): Reply {
  return [name, encoding, base, length, payloadLength, offset];
}
