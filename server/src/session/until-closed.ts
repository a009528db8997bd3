/** What a session has begun ends with it. */
import { InterruptedError } from "@datadb/protocol";
import type { Session } from "./session.ts";

/** Aborted when the session closes. The reason is nobody's mistake: it is not told in the server's log. */
export function untilClosed(session: Session): AbortSignal {
  const abort = new AbortController();
  session.onClose.push(() => abort.abort(new InterruptedError("the client has gone")));
  return abort.signal;
}
