/** STATS */
import { MapReply, type Reply } from "@datadb/protocol";
import { may } from "../../access/may.ts";
import type { CommandHandler } from "../../dispatch/command.ts";

/** Encoded sizes tell what content is alike: only for those who may read everything anyway and change it. */
export const stats: CommandHandler = async (session) => {
  const found = await session.server.database.stats();
  const entries: [Reply, Reply][] = [
    ["backups", found.backups],
    ["snapshots", found.snapshots],
    ["logical-bytes", found.logicalBytes],
    ["unique-bytes", found.uniqueBytes],
    ["sequence", found.sequence],
    ["since-checkpoint", found.sinceCheckpoint],
  ];
  const encoded = may(session.right, "admin");
  if (encoded) entries.push(["stored-bytes", found.storedBytes]);
  for (const [kind, part] of Object.entries(found.kinds)) {
    entries.push([`${kind}-records`, part.records], [`${kind}-content-bytes`, part.contentBytes]);
    if (encoded) entries.push([`${kind}-stored-bytes`, part.storedBytes]);
  }
  if (encoded) {
    for (const [encoding, part] of Object.entries(found.encodings)) {
      entries.push([`${encoding}-records`, part.records], [`${encoding}-content-bytes`, part.contentBytes]);
      entries.push([`${encoding}-stored-bytes`, part.storedBytes]);
    }
  }
  return new MapReply(entries);
};
