/** Lanes: tests that need something of the machine. Without it they are skipped loudly, by name. */
import { describe } from "vitest";
import { findProgram } from "./find-program.ts";
import { motoProgram } from "./moto.ts";
import { type PostgresVersion, postgresBin } from "./postgres-programs.ts";

/** Whether the counts are the full ones (`npm run test:long`). */
export const LONG: boolean = process.env["DATADB_TEST_LONG"] === "1";

export type Need = "root" | "moto" | { program: string } | { postgres: PostgresVersion };

/** A describe block that runs only where its needs are met. */
export function lane(name: string, needs: readonly Need[], body: () => void): void {
  const missing = needs.filter((need) => !met(need)).map(nameOf);
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  console.warn(`SKIPPED lane "${name}": needs ${missing.join(", ")}`);
  describe.skip(`${name} (needs ${missing.join(", ")})`, body);
}

function met(need: Need): boolean {
  if (need === "root") return process.getuid?.() === 0;
  if (need === "moto") return motoProgram() !== null;
  return "program" in need ? findProgram(need.program) !== null : postgresBin(need.postgres) !== null;
}

function nameOf(need: Need): string {
  if (need === "root" || need === "moto") return need;
  return "program" in need ? need.program : `PostgreSQL ${need.postgres}`;
}
