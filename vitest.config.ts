import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** The full counts take as long as they take. Milliseconds. */
const { DATADB_TEST_LONG } = process.env;
const LONG = DATADB_TEST_LONG === "1" ? 14_400_000 : 0;

const rooms = ["protocol", "backends", "server", "client", "fuse", "scheduler", "cli", "test", "bench"];

// Tests run on the TypeScript sources (condition "source"): no build can be stale.
export default defineConfig({
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    // Tests that start processes wait more than they work: two at a time keep two cores busy.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Threads strip types from sources by WebAssembly that calls JavaScript. When two of them have V8 compile those calls at the same moment, it may abort
    // ("Check failed: jit_page.has_value()"); so few of them are compiled.
    execArgv: ["--wasm-wrapper-tiering-budget=100000"],
    projects: rooms.map((room) => ({
      extends: true,
      test: {
        name: room,
        root: `./${room}`,
        include: ["src/**/*.test.ts"],
        // System tests start processes on a machine that may be busy.
        testTimeout: LONG || (room === "test" ? 300_000 : 60_000),
        hookTimeout: room === "test" ? 120_000 : 60_000,
      },
    })),
  },
});
