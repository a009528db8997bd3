/** BCNT, BSIZE and SIZE: how much there is. */
import type { CommandHandler } from "../../dispatch/command.ts";

export const bcnt: CommandHandler = async ({ server }) => (await server.database.blobs.totals()).blobs;

export const bsize: CommandHandler = async ({ server }) => (await server.database.blobs.totals()).bytes;

export const size: CommandHandler = async ({ server }) => (await server.database.stats()).storedBytes;
