/** GC [DRY-RUN] [UNUSED percent] */
import { MapReply, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import type { CollectOptions } from "../../gc/collection.ts";
import { untilClosed } from "../../session/until-closed.ts";
import { parseOptions, word } from "../arguments/words.ts";

export const gc: CommandHandler = async (session, args) => {
  const dryRun = args.length > 1 && word(args[1]) === "DRY-RUN";
  const { UNUSED } = parseOptions(args, dryRun ? 2 : 1, ["UNUSED"]);
  const options: CollectOptions = { dryRun, signal: untilClosed(session) };
  if (UNUSED !== undefined) options.unused = parsePercent(UNUSED) / 100;
  const summary = await session.server.database.collect(options);
  const { blobs, bytes, kept, detached, packs, returned, rewritten, unused, seconds } = summary;
  return new MapReply([
    ...Object.entries({ blobs, bytes, kept, detached, packs, returned, rewritten, unused }),
    ["milliseconds", Math.round(seconds * 1000)],
  ]);
};

function parsePercent(arg: Buffer): number {
  const text = arg.toString("latin1", 0, 10);
  const percent = /^\d{1,3}(\.\d{1,4})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(percent >= 0 && percent <= 100)) throw new ReplyError("ERR UNUSED is a percentage from 0 to 100");
  return percent;
}
