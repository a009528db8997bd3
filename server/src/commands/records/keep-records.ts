/** RECORDS FLUSH, COMPACT, REINDEX */
import { MapReply, RECORD_KINDS } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { parseCount } from "../arguments/integer.ts";
import { attached } from "./attached.ts";
import { kindOf } from "./parse.ts";

export const flush: CommandHandler = async (session, args) => {
  const { backend } = attached(session, args[2]!).place;
  const kinds = args.slice(3).map(kindOf);
  await backend.flush(kinds.length === 0 ? RECORD_KINDS : kinds);
  return new MapReply(Object.entries(backend.counters()));
};

export const compact: CommandHandler = async (session, args) => {
  const { place, ended } = attached(session, args[2]!);
  const unused = parseCount(args[3]!) / 1000;
  return new MapReply(Object.entries(await place.backend.compact({ unused, signal: ended })));
};

export const reindex: CommandHandler = async (session, args) => {
  const { place, ended } = attached(session, args[2]!);
  return new MapReply(Object.entries(await place.backend.reindex(ended)));
};
