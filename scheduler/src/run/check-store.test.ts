import type { Connection } from "@datadb/client";
import { expect, test } from "vitest";
import { checkStore } from "./check-store.ts";

/** A store whose CHECK answers these fields. */
function answering(...fields: (string | number | string[])[]): Connection {
  return { call: async () => fields } as unknown as Connection;
}

const { signal } = new AbortController();

test("a check that found nothing and saw everything is a success", async () => {
  await expect(checkStore(answering("findings", 0, "uncompared", 0), 0, signal)).resolves.toBeUndefined();
  await expect(checkStore(answering("findings", 0), 0, signal)).resolves.toBeUndefined();
});

test("one that could not look at a member of a mirror is none", async () => {
  await expect(checkStore(answering("findings", 0, "uncompared", 1), 0, signal)).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("1 of the mirror's members could not be compared"),
  });
});

test("damage comes first, with what was found", async () => {
  const problems = [JSON.stringify({ message: "pack 7 is cut short" })];
  const store = answering("findings", 1, "problems", problems, "uncompared", 1);
  await expect(checkStore(store, 10, signal)).rejects.toMatchObject({
    code: "DAMAGED",
    message: expect.stringContaining("pack 7 is cut short"),
  });
});
