/** Constraints become an index that is built beside others, and a short command that takes it over. */
import { expect, test } from "vitest";
import { describeStatement } from "../script/describe-statement.ts";
import { splitStatements } from "../script/split-statements.ts";
import { indexForConstraint } from "./index-for-constraint.ts";

const of = (sql: string) => indexForConstraint(describeStatement(splitStatements(sql)[0]!));

test("keeps columns, options and deferral", () => {
  const sql =
    'ALTER TABLE ONLY s.t ADD CONSTRAINT "c x" UNIQUE NULLS NOT DISTINCT (a, "b)") INCLUDE (d) WITH (fillfactor=\'70\') DEFERRABLE INITIALLY DEFERRED';
  expect(of(sql)).toEqual({
    create: `CREATE UNIQUE INDEX "c x" ON "s"."t" USING btree (a, "b)") INCLUDE (d) NULLS NOT DISTINCT WITH (fillfactor='70')`,
    attach: `ALTER TABLE ONLY "s"."t" ADD CONSTRAINT "c x" UNIQUE USING INDEX "c x" DEFERRABLE INITIALLY DEFERRED`,
  });
  expect(of("ALTER TABLE ONLY s.t ADD CONSTRAINT p PRIMARY KEY (a)")?.attach).toContain(
    "PRIMARY KEY USING INDEX",
  );
});

test("leaves alone what it does not know", () => {
  const rest = [
    "PRIMARY KEY (a, p WITHOUT OVERLAPS)",
    "UNIQUE (a) SOMETHING ELSE",
    "EXCLUDE USING gist (a WITH =)",
  ];
  for (const constraint of rest) expect(of(`ALTER TABLE ONLY s.t ADD CONSTRAINT c ${constraint}`)).toBeNull();
});
