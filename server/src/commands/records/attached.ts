/** The namespaces that a session has opened, and what it does in them. */

import type { PackListing } from "@datadb/backends";
import { MAX_LOG_RECORD_BYTES, MAX_PAYLOAD_OVERHEAD_BYTES, ReplyError } from "@datadb/protocol";
import type { RecordPlace } from "../../records/record-places.ts";
import type { Session } from "../../session/session.ts";
import { untilClosed } from "../../session/until-closed.ts";

export interface Attached {
  readonly place: RecordPlace;
  leave(): void;
  /** Pieces of a record that is on its way. */
  parts: Buffer[];
  /** The pack that is being read. */
  listing: AsyncIterator<PackListing> | null;
  /** Aborted when the session ends. */
  readonly ended: AbortSignal;
}

const MAX_PARTS_BYTES: number = MAX_LOG_RECORD_BYTES + 2 * MAX_PAYLOAD_OVERHEAD_BYTES;

const sessions = new WeakMap<Session, Map<string, Attached>>();

/** From now on the session's commands name it. What it had of the same name before is left. */
export function attach(session: Session, namespace: string, place: RecordPlace, leave: () => void): void {
  const all = sessions.get(session) ?? new Map<string, Attached>();
  sessions.set(session, all);
  const before = all.get(namespace);
  before?.leave();
  const attached: Attached = { place, leave, parts: [], listing: null, ended: untilClosed(session) };
  all.set(namespace, attached);
  session.onClose.push(() => {
    void attached.listing?.return?.().catch(() => undefined);
    leave();
  });
}

/** Throws NOTOPEN before OPEN. */
export function attached(session: Session, namespace: Buffer): Attached {
  const found = sessions.get(session)?.get(namespace.toString("latin1"));
  if (found !== undefined) return found;
  throw new ReplyError("NOTOPEN this connection has not opened the namespace: RECORDS OPEN comes first");
}

export function addPart(to: Attached, bytes: Buffer): void {
  const length = to.parts.reduce((sum, part) => sum + part.length, bytes.length);
  if (length > MAX_PARTS_BYTES) {
    to.parts = [];
    throw new ReplyError(`ERR a record has at most ${MAX_PARTS_BYTES} bytes`);
  }
  // A copy: the connection uses its memory again.
  to.parts.push(Buffer.from(bytes));
}
