/** ECHO message */
import type { CommandHandler } from "../../dispatch/command.ts";

export const echo: CommandHandler = (_session, args) => args[1]!;
