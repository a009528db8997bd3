/** Work on one table waits for other work on it, unless both can share; the first error ends everything. */
import { expect, test } from "vitest";
import type { Session } from "../connect/open-session.ts";
import { runTasks, type Task } from "./tasks.ts";

const sessions = [{}, {}, {}] as Session[];

function recorded(): {
  task: (label: string, tables: string[], shared: boolean) => Task;
  most: Map<string, number>;
  done: string[];
} {
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  const done: string[] = [];
  return {
    most,
    done,
    task: (label, tables, shared) => ({
      label,
      tables,
      shared,
      run: async () => {
        for (const table of tables) {
          running.set(table, (running.get(table) ?? 0) + 1);
          most.set(table, Math.max(most.get(table) ?? 0, running.get(table)!));
        }
        await new Promise((resolve) => setImmediate(resolve));
        for (const table of tables) running.set(table, running.get(table)! - 1);
        done.push(label);
      },
    }),
  };
}

test("exclusive work on a table is alone, shared work is not", async () => {
  const { task, most, done } = recorded();
  const tasks = [
    ...["1", "2", "3"].map((label) => task(label, ["alone"], false)),
    ...["4", "5", "6"].map((label) => task(label, ["shared"], true)),
    task("7", ["alone", "shared"], false),
  ];
  await runTasks(sessions, tasks);
  expect(done.sort()).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  expect(most.get("alone")).toBe(1);
  expect(most.get("shared")).toBeGreaterThan(1);
});

test("after an error nothing new begins, and what runs is waited for", async () => {
  const { task, done } = recorded();
  const failing: Task = {
    label: "x",
    tables: ["a"],
    shared: false,
    run: () => Promise.reject(new Error("broken")),
  };
  const later = Array.from({ length: 20 }, (_, i) => task(`later ${i}`, ["a"], false));
  await expect(runTasks(sessions, [failing, task("beside", ["b"], false), ...later])).rejects.toThrow(
    "broken",
  );
  expect(done).toEqual(["beside"]);
});
