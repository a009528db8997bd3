/** A session as CLIENT LIST writes it: `field=value` words, in Redis' order where Redis has the field. */
import type { Session } from "./session.ts";

export function clientLine(session: Session): string {
  const fields: Record<string, string | number> = {
    id: session.id,
    addr: session.address,
    laddr: session.server.listening.resp ?? "",
    name: session.name,
    age: Math.floor((Date.now() - session.createdAt) / 1000),
    flags: flags(session),
    db: session.database.toString("latin1").replace(/[^!-~]/g, "?"),
    multi: session.transaction === null ? -1 : session.transaction.operations.length,
    cmd: session.lastCommand === "" ? "NULL" : session.lastCommand,
    user: session.user?.name ?? "(none)",
    resp: session.protocol,
    "lib-name": session.library.name,
    "lib-ver": session.library.version,
    "tot-cmds": session.commands,
    ...session.channel?.describe(),
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function flags(session: Session): string {
  const set = [
    session.monitoring ? "O" : "",
    session.transaction === null ? "" : "x",
    session.address.startsWith("unix:") ? "U" : "",
  ].join("");
  return set === "" ? "N" : set;
}
