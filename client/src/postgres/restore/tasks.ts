/** Work for several sessions at a time, where some of it cannot run beside other work on the same table. */
import type { Session } from "../connect/open-session.ts";

export interface Task {
  /** For progress and messages. */
  label: string;
  /** Keys of tables. Tasks that share one run at the same time only when both hold it shared. */
  tables: readonly string[];
  shared: boolean;
  run(session: Session): Promise<void>;
}

/**
 * Runs all of them, earlier ones first where they can. Rejects with the first error when nothing runs any more; what has not
 * begun then never does.
 */
export async function runTasks(
  sessions: readonly Session[],
  tasks: readonly Task[],
  onStart: (task: Task) => void = () => {},
): Promise<void> {
  const waiting = [...tasks];
  const held = new Map<string, number>();
  let failure: { error: unknown } | undefined;
  let wake: () => void = () => {};
  let changed = new Promise<void>((resolve) => (wake = resolve));

  const free = ({ tables, shared }: Task): boolean =>
    tables.every((table) => (shared ? (held.get(table) ?? 0) >= 0 : !held.get(table)));
  // Held shared: how many; held alone: -1.
  const take = ({ tables, shared }: Task): void => {
    for (const table of tables) held.set(table, shared ? (held.get(table) ?? 0) + 1 : -1);
  };
  const give = ({ tables, shared }: Task): void => {
    for (const table of tables) held.set(table, shared ? held.get(table)! - 1 : 0);
    wake();
    changed = new Promise((resolve) => (wake = resolve));
  };

  await Promise.all(
    sessions.map(async (session) => {
      while (failure === undefined && waiting.length > 0) {
        const at = waiting.findIndex(free);
        if (at < 0) {
          await changed;
          continue;
        }
        const [task] = waiting.splice(at, 1) as [Task];
        take(task);
        try {
          onStart(task);
          await task.run(session);
        } catch (error) {
          failure ??= { error };
        } finally {
          give(task);
        }
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
}
