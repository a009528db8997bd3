/** The lease that protects what a session puts and is told exists: taken when it is first needed. */
import type { Lease } from "../database.ts";
import type { Session } from "./session.ts";

export function sessionLease(session: Session): Lease | Promise<Lease> {
  if (session.lease !== null) return session.lease;
  // Pipelined commands share the one that is being taken.
  session.leaseTaken ??= takeLease(session, {});
  return session.leaseTaken;
}

/** Takes or renews a lease for the session. Throws NOT_FOUND for an id that is not there any more. */
export async function takeLease(
  session: Session,
  options: { id?: Buffer; seconds?: number },
): Promise<Lease> {
  try {
    const lease = await session.server.database.leases.take(options);
    session.lease = lease;
    return lease;
  } finally {
    session.leaseTaken = null;
  }
}

/** Ends the session's lease, and what it protects. */
export async function endLease(session: Session): Promise<void> {
  const lease = session.lease ?? (await session.leaseTaken);
  session.lease = null;
  if (lease !== null) await session.server.database.leases.release(lease.id);
}
