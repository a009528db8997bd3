/** BCNT, BSIZE and SIZE: how much there is. */
import type { CommandHandler } from "../../dispatch/command.ts";
import type { ServerState } from "../../session/server-state.ts";

export const bcnt: CommandHandler = async ({ server }) => (await counted(server)).blobs;

export const bsize: CommandHandler = async ({ server }) => (await counted(server)).bytes;

/** What was accepted counts: it is made durable first, which costs nothing when there is nothing new. */
async function counted({ database }: ServerState): Promise<{ blobs: number; bytes: number }> {
  await database.blobs.flush();
  return database.blobs.totals();
}

export const size: CommandHandler = async ({ server }) => (await server.database.stats()).storedBytes;
