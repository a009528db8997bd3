/** INIT: the log was applied when the store was opened. */
import { OK } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";

export const init: CommandHandler = () => OK;
