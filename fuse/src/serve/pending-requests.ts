/** Requests that wait for the store: each is answered exactly once, also when it is interrupted. */
import { sendReply } from "../device/send-reply.ts";
import { ERRNO } from "../kernel/constants.ts";
import { errorReply, type Request } from "../kernel/reply.ts";

/**
 * A request is given up so long after its interrupt. Programs get signals that are none of the request's business
 * (timers, children): most requests are answered before.
 */
const GRACE_MS = 300;

export interface PendingRequests {
  /** Answers with what the work makes; with EIO and a line in the log when it fails. False: nobody waits for it any more. */
  answer(request: Request, what: string, work: () => Promise<Buffer | readonly Buffer[]>): Promise<boolean>;
  /** The same for a reply that is only valid while `work` calls back with it. */
  answerWith(
    request: Request,
    what: () => string,
    work: (reply: (bytes: readonly Buffer[]) => void) => Promise<void>,
  ): Promise<void>;
  interrupt(low: number, high: number): void;
  /** Whether a request is not answered yet. */
  any(): boolean;
}

export function createPending(fd: number, problem: (text: string) => void): PendingRequests {
  const waiting = new Map<string, { interrupt(): void }>();

  /** Registers the request; the function answers it, once, and says whether anybody waited for that. */
  function register(request: Request): (reply: Buffer | readonly Buffer[]) => boolean {
    const key = `${request.uniqueHigh}:${request.uniqueLow}`;
    let open = true;
    let timer: NodeJS.Timeout | undefined;
    const settle = (reply: Buffer | readonly Buffer[]): boolean => {
      if (!open) return false;
      open = false;
      clearTimeout(timer);
      waiting.delete(key);
      return sendReply(fd, reply);
    };
    waiting.set(key, {
      interrupt() {
        timer ??= setTimeout(() => settle(errorReply(request, ERRNO.EINTR)), GRACE_MS);
      },
    });
    return settle;
  }

  return {
    async answer(request, what, work) {
      const settle = register(request);
      try {
        return settle(await work());
      } catch (error) {
        problem(`${what}: ${(error as Error).message}`);
        settle(errorReply(request, ERRNO.EIO));
        return false;
      }
    },
    async answerWith(request, what, work) {
      const settle = register(request);
      try {
        await work(settle);
      } catch (error) {
        problem(`${what()}: ${(error as Error).message}`);
        settle(errorReply(request, ERRNO.EIO));
      }
    },
    interrupt: (low, high) => waiting.get(`${high}:${low}`)?.interrupt(),
    any: () => waiting.size > 0,
  };
}
