/** Looking for who holds locks, while what waits for them goes on. */
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Session } from "../../connect/session.ts";
import { watchBlockers } from "./blockers.ts";

test("a look that fails, since the server is gone, is nobody's error but that of the work", async () => {
  let looks = 0;
  const session = { query: async () => [] } as unknown as Session;
  const gone = async (): Promise<number[]> => {
    looks++;
    throw new Error("not queryable");
  };
  // Longer than a look, and than the turn in which a rejection that nobody handles ends the process.
  const work = delay(700).then(() => {
    throw new Error("the work's own");
  });
  await expect(watchBlockers(session, gone, { last: "" }, work)).rejects.toThrow("the work's own");
  expect(looks).toBeGreaterThan(1);
});
