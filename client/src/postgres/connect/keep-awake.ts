/** Keeps a session that waits for others from looking idle: what lies between may forget such a connection within minutes. */
import type pg from "pg";

/** Load balancers and firewalls forget a silent connection after some minutes: 350 seconds, 4 minutes, 10. */
const AWAKE_MS = 60_000;

/**
 * Asks the server for nothing, now and then, after what is asked already. An outage costs nothing: the question is only sent again by TCP.
 * Returns what stops it.
 */
export function keepAwake(client: pg.Client): () => void {
  let asked = false;
  const timer = setInterval(() => {
    if (asked) return;
    asked = true;
    const answered = (): void => {
      asked = false;
    };
    // Whoever works with the session learns of its loss, and of a transaction that failed.
    client.query("SELECT").then(answered, answered);
  }, AWAKE_MS);
  timer.unref();
  return () => clearInterval(timer);
}
