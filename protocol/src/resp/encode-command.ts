/** Writes commands as clients send them: arrays of bulk strings. */
import { WireWriter } from "./wire-writer.ts";

/** One argument of a command; strings are UTF-8, numbers decimal. */
export type CommandArgument = string | Buffer | number | bigint;

const gathered: WireWriter = new WireWriter();

/** The buffers of one command, in order, appended to `out`. Large arguments are passed on without a copy. */
export function encodeCommand(args: readonly CommandArgument[], out: Buffer[] = []): Buffer[] {
  gathered.begin();
  gathered.header("*", args.length);
  for (const argument of args) {
    if (Buffer.isBuffer(argument)) gathered.bulk(argument);
    else gathered.bulkText(typeof argument === "string" ? argument : String(argument));
  }
  return gathered.finish(out);
}
