/** SCARD key */
import type { CommandHandler } from "../../dispatch/command.ts";
import { setSize } from "../../keyspace/index.ts";
import { directoryMembers } from "../../views/directory-members.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed, namedDirectory } from "../arguments/named.ts";

export const scard: CommandHandler = (session, args) => {
  const key = args[1]!;
  const size = setSize(session.view, keyPlace(session, key), key);
  if (size > 0 || !mayBeNamed(session, key)) return size;
  return namedDirectory(session, key).then(async (directory) => {
    let count = 0;
    if (directory !== null) for await (const _id of directoryMembers(session.server, directory)) count++;
    return count;
  });
};
