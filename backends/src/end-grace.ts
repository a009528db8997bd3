/** Who ends a store waits a little for what was asked of a service already, and not for an answer that never comes. */

/** Milliseconds: enough for a pack on an ordinary line. */
const GRACE_MS = 5000;
/** For each further request, once the service has let one go unanswered. */
const SHORT_GRACE_MS = 500;

/** The answer of one request; rejects with Unanswered when it is not there in time after the end. */
export type AwaitAnswer = <T>(answer: Promise<T>) => Promise<T>;

/** The service was asked, and its answer not waited for. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

/** For all requests of one service. `end` is aborted when whoever opened the store wants to end; until then every answer is waited for. */
export function graceAfter(end: AbortSignal | undefined): AwaitAnswer {
  if (end === undefined) return (answer) => answer;
  let grace = GRACE_MS;
  return async (answer) => {
    let giveUp = (): void => {};
    let timer: NodeJS.Timeout | undefined;
    const unanswered = new Promise<never>((_, reject) => {
      giveUp = () => {
        timer = setTimeout(() => {
          grace = SHORT_GRACE_MS;
          reject(new Unanswered("no answer yet, and the end was asked for"));
        }, grace);
      };
    });
    if (end.aborted) giveUp();
    else end.addEventListener("abort", giveUp, { once: true });
    // Nobody may be left to hear of it.
    answer.catch(() => {});
    try {
      return await Promise.race([answer, unanswered]);
    } finally {
      clearTimeout(timer);
      end.removeEventListener("abort", giveUp);
    }
  };
}
