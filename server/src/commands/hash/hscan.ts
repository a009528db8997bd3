/** HSCAN key cursor [MATCH pattern] [COUNT count] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { hashEntries } from "../../keyspace/index.ts";
import { metaFields } from "../../views/meta-fields.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed, namedMeta } from "../arguments/named.ts";
import { parseScan, scanElements } from "../arguments/scan.ts";

export const hscan: CommandHandler = async (session, args) => {
  const key = args[1]!;
  const scan = parseScan(args, 2);
  if (mayBeNamed(session, key)) {
    const meta = await namedMeta(session, key);
    const fields = (meta === null ? [] : metaFields(meta)).filter(([name]) =>
      scan.matches(Buffer.from(name)),
    );
    return ["0", fields.flat()];
  }
  const place = keyPlace(session, key);
  const page = await scanElements(session.server, scan, [place, key], async (from, limit) =>
    hashEntries(session.view, place, key, { ...(from === undefined ? {} : { from }), limit }),
  );
  return [page.cursor, page.elements.filter(([field]) => scan.matches(field)).flat()];
};
