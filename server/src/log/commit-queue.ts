/** Group commit: what is queued while one group is on its way forms the next one. */
import type { QueuedCommit } from "./commit-group.ts";

/** Commits in one log record: keeps a record's time below some 20 ms. */
const MAX_GROUP_COMMITS = 4096;
/** Bytes of operations in one log record, unless one commit alone has more. */
const MAX_GROUP_BYTES: number = 16 * 1024 * 1024;

export interface CommitQueue {
  add(commit: QueuedCommit): void;
  /** Resolves when nothing is queued or on its way. */
  idle(): Promise<void>;
}

/** `commitGroup` settles every commit of its group and never rejects. */
export function createCommitQueue(
  commitGroup: (group: readonly QueuedCommit[]) => Promise<void>,
): CommitQueue {
  let queue: QueuedCommit[] = [];
  let running: Promise<void> | null = null;

  const take = (): QueuedCommit[] => {
    let count = 0;
    let bytes = 0;
    while (count < queue.length && count < MAX_GROUP_COMMITS) {
      bytes += (queue[count] as QueuedCommit).bytes;
      if (count > 0 && bytes > MAX_GROUP_BYTES) break;
      count += 1;
    }
    const group = count === queue.length ? queue : queue.slice(0, count);
    queue = count === queue.length ? [] : queue.slice(count);
    return group;
  };
  const run = async (): Promise<void> => {
    // Everything that the sockets brought in this turn of the event loop gets into the first group.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) await commitGroup(take());
    running = null;
  };
  return {
    add(commit) {
      queue.push(commit);
      running ??= run();
    },
    async idle() {
      while (running !== null) await running;
    },
  };
}
