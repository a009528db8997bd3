/** MIRROR STATUS, MIRROR SYNC, MIRROR REFILL member */
import type { MemberStatus, MirrorCare } from "@datadb/backends";
import { MapReply, OK, type Reply, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { word } from "../arguments/words.ts";

/** `2`, or with several mirrors `1.2`. */
function memberName(mirrors: readonly MirrorCare[], mirror: number, member: number): string {
  return mirrors.length > 1 ? `${mirror + 1}.${member}` : `${member}`;
}

function statusReply(name: string, status: MemberStatus): Reply {
  const { description, state, since, reason, records, bytes, oldest, comparing, attempts } = status;
  return new MapReply([
    ["member", name],
    ["description", description],
    ["state", state],
    ["since", since],
    ["reason", reason],
    ["records", records],
    ["bytes", bytes],
    ["oldest", oldest ?? 0],
    ["comparing", comparing ? 1 : 0],
    ["attempts", attempts],
  ]);
}

async function refill(mirrors: readonly MirrorCare[], wanted: string): Promise<void> {
  for (const [at, mirror] of mirrors.entries())
    for (const { member } of mirror.status())
      if (memberName(mirrors, at, member) === wanted) return await mirror.refill(member);
  throw new ReplyError(`NOTFOUND no mirror of this store has a member ${wanted}`);
}

export const mirror: CommandHandler = async (session, args) => {
  const mirrors = session.server.database.mirrors();
  const what = word(args[1]);
  if (what === "STATUS" && args.length === 2)
    return mirrors.flatMap((one, at) =>
      one.status().map((status) => statusReply(memberName(mirrors, at, status.member), status)),
    );
  if (what === "SYNC" && args.length === 2) for (const one of mirrors) one.wake();
  else if (what === "REFILL" && args.length === 3) await refill(mirrors, String(args[2]));
  else throw new ReplyError("ERR syntax error: MIRROR STATUS, MIRROR SYNC, or MIRROR REFILL member");
  return OK;
};
