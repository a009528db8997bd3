/** Which owner and mode an entry gets, given what this process may do. */
import type { Meta } from "@datadb/protocol";

/** Who restores: fixed for a whole restore. */
export interface Restorer {
  uid: number;
  gid: number;
  groups: readonly number[];
  umask: number;
  owners: "restore" | "none";
}

/** `owner` null: leave as created. */
export interface Attributes {
  mode: number;
  owner: { uid: number; gid: number } | null;
}

const SET_ID = 0o6000;

export function currentRestorer(owners: "restore" | "none"): Restorer {
  return {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    umask: process.umask(),
    owners,
  };
}

/**
 * Root sets any owner; others can only keep their own user and choose among their groups. Where the owner cannot
 * be as recorded, set-user-id and set-group-id are dropped: they would lend the wrong user's rights.
 *
 * @param createdGid the group that a new entry gets here by itself (another one below a set-group-id directory).
 */
export function attributesOf(meta: Meta, restorer: Restorer, createdGid: number): Attributes {
  const { uid, gid, groups, owners } = restorer;
  const created = { uid, gid: createdGid };
  let wanted = { uid: meta.uid, gid: meta.gid };
  if (owners === "none") wanted = { uid, gid };
  else if (uid !== 0) wanted = { uid, gid: groups.includes(meta.gid) || meta.gid === gid ? meta.gid : gid };
  const exact = wanted.uid === meta.uid && wanted.gid === meta.gid;
  const same = wanted.uid === created.uid && wanted.gid === created.gid;
  return { mode: exact ? meta.mode : meta.mode & ~SET_ID, owner: same ? null : wanted };
}
