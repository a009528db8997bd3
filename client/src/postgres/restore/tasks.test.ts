/** Work on one table waits for other work on it, unless both can share; the first error ends everything. */
import { expect, test } from "vitest";
import type { Session } from "../connect/session.ts";
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

test("what may run meanwhile fills the time of sessions that would wait, and keeps nothing from beginning", async () => {
  const { task, most, done } = recorded();
  const fillers = Array.from({ length: 100 }, (_, i) => task(`filler ${i}`, ["a", "b"], true));
  const tasks = [...["1", "2", "3", "4"].map((label) => task(label, ["a"], false)), task("5", ["c"], true)];
  await runTasks(sessions, tasks, () => {}, fillers);
  expect(done.filter((label) => !label.startsWith("filler")).sort()).toEqual(["1", "2", "3", "4", "5"]);
  // Until the last one of the others has the table, fillers would hold it.
  expect(done.slice(0, 3)).not.toContain("filler 0");
  expect(most.get("a")).toBe(1);
  expect(done.length + fillers.length).toBe(105);

  const free = Array.from({ length: 100 }, (_, i) => task(`free ${i}`, ["d"], true));
  await runTasks(sessions, [task("6", ["a"], false), task("7", ["a"], false)], () => {}, free);
  expect(done).toContain("free 0");
  expect(free.length).toBeGreaterThan(90);
  await runTasks(sessions, [], () => {}, free);
  expect(done).not.toContain("free 99");
});
