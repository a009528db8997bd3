/** RECORDS OPEN, RECOVERED, KNOWN */
import { MapReply, OK, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { attach, attached } from "./attached.ts";

const MAX_HOLDER_BYTES = 64;

export const open: CommandHandler = async (session, args) => {
  const [namespace, storeId, hash, holder] = args.slice(2).map((arg) => arg.toString("latin1", 0, 100)) as [
    string,
    string,
    string,
    string,
  ];
  if (!/^[0-9a-f]{32}$/.test(storeId)) throw new ReplyError("ERR a store id has 32 hexadecimal digits");
  if (hash !== "sha256" && hash !== "sha1") throw new ReplyError("ERR a hash is sha256 or sha1");
  if (holder === "" || holder.length > MAX_HOLDER_BYTES)
    throw new ReplyError(`ERR a holder has 1 to ${MAX_HOLDER_BYTES} bytes`);
  const { place, leave } = await session.server.database.records.open({ namespace, storeId, hash, holder });
  attach(session, namespace, place, leave);
  const counters = place.backend.counters();
  return new MapReply([
    ["packs-lost", counters["packs-lost"] ?? 0],
    ["ranges-damaged", counters["ranges-damaged"] ?? 0],
    ["epoch", place.epoch],
    ["durable", place.backend.capabilities.durable ? 1 : 0],
    ["recovered", (await place.recovered.any()) ? 1 : 0],
    ["place", place.description],
  ]);
};

export const recovered: CommandHandler = async (session, args) => {
  const { place } = attached(session, args[2]!);
  const page = await place.recovered.page(Buffer.from(args[3]!));
  return page === null ? ["", "", ""] : [page.next, page.kind, page.names];
};

export const known: CommandHandler = async (session, args) => {
  await attached(session, args[2]!).place.recovered.clear();
  return OK;
};
