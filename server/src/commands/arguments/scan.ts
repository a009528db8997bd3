/** What SCAN, HSCAN and SSCAN share: arguments, and steps whose cursors hold nothing in the server. */
import { hash } from "node:crypto";
import { invalidCursor, syntaxError } from "../../dispatch/reply-errors.ts";
import type { ServerState } from "../../session/server-state.ts";
import { globMatcher } from "./glob.ts";
import { parsePageSize } from "./scan-options.ts";
import { word } from "./words.ts";

export interface Scan {
  /** 0 at the beginning. */
  cursor: bigint;
  count: number;
  matches(element: Buffer): boolean;
  /** The word behind TYPE, in lower case. */
  type: string | undefined;
}

/** The cursor at `args[at]` and the options behind it. */
export function parseScan(args: readonly Buffer[], at: number, types = false): Scan {
  const text = args[at]!.toString("latin1", 0, 21);
  if (!/^\d{1,20}$/.test(text)) throw invalidCursor();
  const scan: Scan = {
    cursor: BigInt(text),
    count: parsePageSize(undefined),
    matches: () => true,
    type: undefined,
  };
  for (let i = at + 1; i < args.length; i += 2) {
    const value = args[i + 1];
    if (value === undefined) throw syntaxError();
    const name = word(args[i]);
    if (name === "MATCH") scan.matches = globMatcher(value);
    else if (name === "COUNT") scan.count = parsePageSize(value);
    else if (name === "TYPE" && types) scan.type = value.toString("latin1").toLowerCase();
    else throw syntaxError();
  }
  return scan;
}

/** An element (first) and what belongs to it. */
type Element = readonly [Buffer, ...Buffer[]];

/** Elements in byte order from one on (included), at most `limit`. */
export type ReadElements<E extends Element> = (
  from: Buffer | undefined,
  limit: number,
) => Promise<readonly E[]>;

/** Elements read at a time while a forgotten cursor is looked for. */
const SEEK_PAGE = 1000;

/**
 * One step. A cursor is 64 bits of the hash of the last element that was given; the server remembers lately given ones, and
 * finds any other by going through the elements: it needs no state, survives restarts, and fits the integers that clients
 * use. When that element is gone, the scan begins again: elements may come twice, as in redis, but none is left out.
 */
export async function scanElements<E extends Element>(
  server: ServerState,
  scan: Scan,
  scope: readonly Buffer[],
  read: ReadElements<E>,
): Promise<{ cursor: string; elements: readonly E[] }> {
  const last =
    scan.cursor === 0n
      ? undefined
      : (server.cursors.get(scan.cursor) ?? (await seek(scan.cursor, scope, read)));
  const elements = await read(last && Buffer.concat([last, Buffer.of(0)]), scan.count);
  const end = elements.at(-1);
  if (end === undefined || elements.length < scan.count) return { cursor: "0", elements };
  const cursor = cursorOf(scope, end[0]);
  server.cursors.put(cursor, end[0]);
  return { cursor: String(cursor), elements };
}

async function seek<E extends Element>(
  cursor: bigint,
  scope: readonly Buffer[],
  read: ReadElements<E>,
): Promise<Buffer | undefined> {
  let from: Buffer | undefined;
  for (;;) {
    const elements = await read(from, SEEK_PAGE);
    const found = elements.find(([element]) => cursorOf(scope, element) === cursor);
    const end = elements.at(-1);
    if (found !== undefined) return found[0];
    if (end === undefined || elements.length < SEEK_PAGE) return undefined;
    from = Buffer.concat([end[0], Buffer.of(0)]);
  }
}

function cursorOf(scope: readonly Buffer[], element: Buffer): bigint {
  const digest = hash("sha1", Buffer.concat([...scope, Buffer.of(0), element]), "buffer");
  const cursor = digest.readBigUInt64BE(0);
  return cursor === 0n ? 1n : cursor;
}
