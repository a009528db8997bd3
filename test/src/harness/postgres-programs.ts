/** Where the programs of each PostgreSQL are, server and client: installed, or unpacked by test/unpack-postgresql. */
import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";

export type PostgresVersion = 15 | 17 | 18;

/** The directory of the version's programs, or null where it is neither installed nor unpacked. */
export function postgresBin(version: PostgresVersion): string | null {
  const below = `usr/lib/postgresql/${version}/bin`;
  const cache =
    process.getuid?.() === 0 ? "/var/cache" : (process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"));
  for (const root of ["/", join(cache, "datadb-test", `postgresql-${version}`)]) {
    const bin = join(root, below);
    if (existsSync(join(bin, "initdb")) && existsSync(join(bin, "pg_dump"))) return bin;
  }
  return null;
}

export interface ServerUser {
  name: string;
  /** For spawn and chown; undefined when it is the user of this process. */
  ids?: { uid: number; gid: number };
}

/** Who the server runs as: PostgreSQL refuses root. */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return { name: userInfo().username };
  for (const name of ["postgres", "nobody"]) {
    const ids = idsOf(name);
    if (ids !== null) return { name, ids };
  }
  throw new Error("this machine has neither a user postgres nor nobody to run PostgreSQL as");
}

function idsOf(name: string): { uid: number; gid: number } | null {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const line = lines.find((one) => one.startsWith(`${name}:`));
  if (line === undefined) return null;
  const [, , uid, gid] = line.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}
