import { defineConfig } from "vitest/config";

const rooms = ["protocol", "backends", "server", "client", "cli", "test", "bench"];

// Tests run on the TypeScript sources (condition "source"): no build can be stale.
export default defineConfig({
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    projects: rooms.map((room) => ({
      extends: true,
      test: { name: room, root: `./${room}`, include: ["src/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
    })),
  },
});
