/** Who collects on a full disk, and who is refused meanwhile. */
import { expect, test } from "vitest";
import type { GcParts } from "./gc-parts.ts";
import { openCollector } from "./open-collector.ts";

test("what is kept aside for a full disk is given up for one collection, which ends left leases once", async () => {
  const said: string[] = [];
  let goOn = (): void => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const prune = async ({ left = false } = {}): Promise<void> => {
    said.push(`pruned ${left}`);
    await held;
    throw new Error("enough seen");
  };
  const parts: Pick<GcParts, "leases" | "reserve" | "protection"> = {
    leases: { prune } as Partial<GcParts["leases"]> as GcParts["leases"],
    reserve: {
      releaseToCollect: async () => said.push("released") > 0,
      restore: async () => void said.push("restored"),
    },
    protection: { cycle: null } as GcParts["protection"],
  };
  const collector = openCollector(parts as GcParts);
  const first = collector.collect();
  await expect(collector.collect()).rejects.toMatchObject({ kind: "BUSY" });
  goOn();
  await expect(first).rejects.toThrow("enough seen");
  expect(said).toEqual(["released", "pruned true", "restored"]);
  await expect(collector.collect({ dryRun: true })).rejects.toThrow("enough seen");
  await expect(collector.collect({ sweepOnly: true })).rejects.toThrow("enough seen");
  expect(said.slice(3)).toEqual(["released", "pruned false", "restored", "pruned false"]);
});
