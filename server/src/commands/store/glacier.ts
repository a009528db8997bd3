/** GLACIER and its subcommands: data that has to be retrieved before it can be read. */
import type { ColdStorage, Tier } from "@datadb/backends";
import { MapReply, parseHex, ReplyError } from "@datadb/protocol";
import { dataOfBackup } from "../../cold/data-of-backup.ts";
import type { CommandHandler } from "../../dispatch/command.ts";
import { containerHandler } from "../../dispatch/container-handler.ts";
import { syntaxError } from "../../dispatch/reply-errors.ts";
import { hashGet, RESERVED_DATABASE } from "../../keyspace/index.ts";
import type { Session } from "../../session/session.ts";
import { untilClosed } from "../../session/until-closed.ts";
import { parseBlobName } from "../arguments/blob-name.ts";
import { word } from "../arguments/words.ts";

const REF = Buffer.from("ref");
const TIERS: readonly Tier[] = ["Expedited", "Standard", "Bulk"];

export const glacier: CommandHandler = containerHandler("glacier", { status, archive, sync, restore });

function coldOf({ server }: Session): ColdStorage {
  const cold = server.database.cold();
  if (cold !== null) return cold;
  throw new ReplyError(
    "ERR this store keeps nothing cold: its configuration has no glacier, and no s3 of a cold class",
  );
}

function tierOf(arg: Buffer | undefined): Tier {
  const given = arg === undefined ? "standard" : arg.toString("latin1", 0, 20).toLowerCase();
  const found = TIERS.find((tier) => tier.toLowerCase() === given);
  if (found === undefined) throw new ReplyError("ERR a tier is Expedited, Standard or Bulk");
  return found;
}

async function status(session: Session): Promise<MapReply> {
  const { vault, ...own } = await coldOf(session).status();
  return new MapReply([
    ...Object.entries(own),
    ["vault-archives", vault.archives],
    ["vault-bytes", vault.bytes],
    ["vault-inventory", vault.inventory],
  ]);
}

async function archive(session: Session, args: readonly Buffer[]): Promise<MapReply> {
  const dropRetrieved = args.length > 2;
  if (dropRetrieved && word(args[2]) !== "DROP-RETRIEVED") throw syntaxError();
  const done = await coldOf(session).archive({ dropRetrieved, signal: untilClosed(session) });
  return new MapReply(Object.entries(done));
}

async function sync(session: Session, args: readonly Buffer[]): Promise<MapReply> {
  return new MapReply(Object.entries(await coldOf(session).sync(tierOf(args[2]))));
}

async function restore(session: Session, args: readonly Buffer[]): Promise<MapReply> {
  const cold = coldOf(session);
  const backup = parseBlobName(session, args[2]!);
  const { database } = session.server;
  const ref = hashGet(database.keyspace, RESERVED_DATABASE, Buffer.from(backup.toString("hex")), REF);
  const root = ref === null ? undefined : parseHex(ref, backup.length as 20 | 32);
  if (root === undefined)
    throw new ReplyError(`NOTFOUND there is no backup ${backup.toString("hex")}; BACKUPS lists them`);
  const names = await dataOfBackup(database.blobs, database.blobs.hash, root);
  const start = word(args[4]) === "START";
  return new MapReply(Object.entries(await cold.thaw(names, tierOf(args[3]), start)));
}
