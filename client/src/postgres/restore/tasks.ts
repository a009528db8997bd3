/** Work for several sessions at a time, where some of it cannot run beside other work on the same table. */
import type { Session } from "../connect/session.ts";

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
 * begun then never does. `meanwhile`: run by sessions that would wait for the others, and taken out of it; what is left has not begun.
 */
export async function runTasks(
  sessions: readonly Session[],
  tasks: readonly Task[],
  onStart: (task: Task) => void = () => {},
  meanwhile: Task[] = [],
): Promise<void> {
  const waiting = [...tasks];
  const held = new Map<string, number>();
  let unfinished = waiting.length;
  let failure: { error: unknown } | undefined;
  let wake: () => void = () => {};
  let changed = new Promise<void>((resolve) => (wake = resolve));

  const free = ({ tables, shared }: Task): boolean =>
    tables.every((table) => (shared ? (held.get(table) ?? 0) >= 0 : !held.get(table)));
  /** Whether it would keep a task from beginning. */
  const isInTheWay = ({ tables }: Task): boolean =>
    waiting.some((task) => !task.shared && task.tables.some((table) => tables.includes(table)));
  const next = (): Task | undefined => {
    const at = waiting.findIndex(free);
    if (at >= 0) return waiting.splice(at, 1)[0];
    const other = meanwhile.findIndex((task) => free(task) && !isInTheWay(task));
    return other < 0 ? undefined : meanwhile.splice(other, 1)[0];
  };
  // Held shared: how many; held alone: -1.
  const take = ({ tables, shared }: Task): void => {
    for (const table of tables) held.set(table, shared ? (held.get(table) ?? 0) + 1 : -1);
  };
  const give = ({ tables, shared }: Task): void => {
    for (const table of tables) held.set(table, shared ? held.get(table)! - 1 : 0);
    wake();
    changed = new Promise((resolve) => (wake = resolve));
  };
  const wanted = new Set(tasks);

  await Promise.all(
    sessions.map(async (session) => {
      while (failure === undefined && unfinished > 0) {
        const task = next();
        if (task === undefined) {
          await changed;
          continue;
        }
        take(task);
        try {
          onStart(task);
          await task.run(session);
        } catch (error) {
          failure ??= { error };
        } finally {
          if (wanted.has(task)) unfinished--;
          give(task);
        }
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
}
