/** MONITOR */
import { OK, ReplyError, SimpleString } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { redisLine } from "../../monitor/monitor-event.ts";

/** More readers than people have screens: each costs every command a line. */
const MAX_READERS = 32;

export const monitor: CommandHandler = (session) => {
  const { channel, server } = session;
  if (channel === undefined) throw new ReplyError("ERR MONITOR needs a connection of its own");
  if (session.monitoring) return OK;
  if (server.monitor.readers() >= MAX_READERS) {
    throw new ReplyError(`ERR max number of monitors reached: ${MAX_READERS} are reading; close one`);
  }
  session.monitoring = true;
  // Commands before this one in the pipeline have been published already; this one's OK goes out first.
  queueMicrotask(() => {
    const remove = server.monitor.subscribe({
      write: (event) => channel.push(new SimpleString(redisLine(event))),
      lost: (count) =>
        channel.push(
          new SimpleString(`${(Date.now() / 1000).toFixed(6)} ${count} lines lost: this reader is too slow`),
        ),
      queuedBytes: channel.queuedBytes,
    });
    session.onClose.push(remove);
  });
  return OK;
};
