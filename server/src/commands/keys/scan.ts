/** SCAN cursor [MATCH pattern] [COUNT count] [TYPE type] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { RESERVED_DATABASE, scanKeys } from "../../keyspace/index.ts";
import type { Session } from "../../session/session.ts";
import { parseScan, scanElements } from "../arguments/scan.ts";

/** An element is a byte for the database, the selected one first, then the key; its type follows. */
type Found = readonly [Buffer, Buffer];
const SELECTED = Buffer.from("a");
const RESERVED = Buffer.from("b");

export const scan: CommandHandler = async (session, args) => {
  const wanted = parseScan(args, 1, true);
  const page = await scanElements(session.server, wanted, [session.database], (from, limit) =>
    read(session, from, limit),
  );
  const matching = page.elements.filter(
    ([, type]) => wanted.type === undefined || type.toString() === wanted.type,
  );
  return [page.cursor, matching.map(([element]) => element.subarray(1)).filter(wanted.matches)];
};

async function read(session: Session, from: Buffer | undefined, limit: number): Promise<Found[]> {
  const found: Found[] = [];
  for (const [tag, database] of [
    [SELECTED, session.database],
    [RESERVED, RESERVED_DATABASE],
  ] as const) {
    if (from !== undefined && from[0]! > tag[0]!) continue;
    const start = from !== undefined && from[0] === tag[0] ? { from: from.subarray(1) } : {};
    for await (const page of scanKeys(session.view, database, { ...start, limit: limit - found.length })) {
      for (const [key, type] of page) found.push([Buffer.concat([tag, key]), Buffer.from(type)]);
    }
    if (found.length >= limit) break;
  }
  return found;
}
