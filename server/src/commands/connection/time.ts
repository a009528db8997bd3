/** TIME and NOW: the server's clock. */
import { SimpleString } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";

export const time: CommandHandler = () => {
  const microseconds = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  return [String(Math.floor(microseconds / 1_000_000)), String(microseconds % 1_000_000)];
};

export const now: CommandHandler = () => new SimpleString(String(Math.floor(Date.now() / 1000)));
