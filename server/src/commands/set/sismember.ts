/** SISMEMBER key member */
import type { CommandHandler } from "../../dispatch/command.ts";
import { setHas } from "../../keyspace/index.ts";
import { directoryMembers } from "../../views/directory-members.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed, namedDirectory } from "../arguments/named.ts";

export const sismember: CommandHandler = (session, args) => {
  const [, key, member] = args as [Buffer, Buffer, Buffer];
  if (setHas(session.view, keyPlace(session, key), key, member)) return 1;
  if (!mayBeNamed(session, key)) return 0;
  return namedDirectory(session, key).then(async (directory) => {
    const wanted = member.toString("latin1").toLowerCase();
    if (directory !== null)
      for await (const id of directoryMembers(session.server, directory)) if (id === wanted) return 1;
    return 0;
  });
};
