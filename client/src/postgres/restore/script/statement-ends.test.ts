/** Statements end where taking a script apart would end them, whatever is in it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { splitStatements } from "./split-statements.ts";
import { statementEnds } from "./statement-ends.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);

const PIECES = [
  ..."; ;\n ( ) ' '' \" \"\" $ $$ $a$ \\ -- /* */ e' E'\\ U&' U&\" b' . 1 a$b 1$a$ é :: é$ $1".split(" "),
  "\\restrict x\n",
  "-- it's; (\n",
  "/* ; /* ' */ */",
  "'a;''b'",
  "E'it\\'s;'",
  "name';'",
  'value";"',
  "$_$ ; ' $_$",
  "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN b END; END;",
  "create -- x\n or replace procedure p() BEGIN ATOMIC SELECT 1; END;",
  "CREATE TABLE s.t (a int DEFAULT nextval('s.q'::regclass));\n",
  "ALTER TABLE ONLY s.t\n ADD CONSTRAINT c CHECK ((a - 1) / 2 > 0);\n",
  "CREATE RULE r AS ON INSERT TO v DO (SELECT 1; SELECT (2; 3));\n",
  "- /",
  "BEGIN; ATOMIC; END;",
  " ",
];

test("property: as splitStatements", () => {
  const script = fc
    .array(fc.constantFrom(...PIECES), { maxLength: 14 })
    .chain((pieces) => fc.constantFrom(pieces.join(""), pieces.join(" ")));
  fc.assert(
    fc.property(script, (text) => {
      const alone = statementEnds(text).flatMap(({ from, end }) => splitStatements(text.slice(from, end)));
      expect(alone.map((one) => one.text)).toEqual(splitStatements(text).map((one) => one.text));
    }),
    { seed, numRuns: 2000 },
  );
});

test("of a statement with millions of quotes the end is found", () => {
  const text = `COMMENT ON TABLE t IS '${"x''".repeat(4 << 20)}';`;
  expect(statementEnds(`${text}\nSELECT 1;`).map(({ end }) => end)).toEqual([text.length, text.length + 10]);
});
