import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const rooms = ["protocol", "backends", "server", "client", "fuse", "scheduler", "cli", "test", "bench"];

// Tests run on the TypeScript sources (condition "source"): no build can be stale.
export default defineConfig({
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    // Tests that start processes wait more than they work: two at a time keep two cores busy.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: rooms.map((room) => ({
      extends: true,
      test: {
        name: room,
        root: `./${room}`,
        include: ["src/**/*.test.ts"],
        // System tests start processes on a machine that may be busy.
        testTimeout: room === "test" ? 300_000 : 60_000,
        hookTimeout: room === "test" ? 120_000 : 60_000,
      },
    })),
  },
});
