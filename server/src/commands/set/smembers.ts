/** SMEMBERS key */
import { SetReply } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { setMembers } from "../../keyspace/index.ts";
import { directoryMembers } from "../../views/directory-members.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed, namedDirectory } from "../arguments/named.ts";

export const smembers: CommandHandler = async (session, args) => {
  const key = args[1]!;
  if (!mayBeNamed(session, key))
    return new SetReply(await setMembers(session.view, keyPlace(session, key), key));
  const directory = await namedDirectory(session, key);
  const ids: string[] = [];
  if (directory !== null) for await (const id of directoryMembers(session.server, directory)) ids.push(id);
  return new SetReply(ids);
};
