/** SSCAN key cursor [MATCH pattern] [COUNT count] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { setMembers } from "../../keyspace/index.ts";
import { directoryMembers } from "../../views/directory-members.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed, namedDirectory } from "../arguments/named.ts";
import { parseScan, scanElements } from "../arguments/scan.ts";

export const sscan: CommandHandler = async (session, args) => {
  const key = args[1]!;
  const scan = parseScan(args, 2);
  if (mayBeNamed(session, key)) {
    const directory = await namedDirectory(session, key);
    const ids: string[] = [];
    if (directory !== null) for await (const id of directoryMembers(session.server, directory)) ids.push(id);
    return ["0", ids.filter((id) => scan.matches(Buffer.from(id)))];
  }
  const place = keyPlace(session, key);
  const page = await scanElements(session.server, scan, [place, key], async (from, limit) => {
    const members = await setMembers(session.view, place, key, {
      ...(from === undefined ? {} : { from }),
      limit,
    });
    return members.map((member) => [member] as const);
  });
  return [page.cursor, page.elements.map(([member]) => member).filter(scan.matches)];
};
