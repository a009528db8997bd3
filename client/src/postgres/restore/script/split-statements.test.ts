/** Scripts of pg_dump fall apart where psql would cut them, whatever names and bodies hold. */
import { expect, test } from "vitest";
import { splitStatements } from "./split-statements.ts";

function texts(script: string): string[] {
  return splitStatements(script).map(({ text }) => text);
}

test("cuts at semicolons outside of quotes, comments and parentheses", () => {
  const script = `-- a; comment
SET x = 1;
CREATE TABLE s."a;b" (c text DEFAULT 'x;''y;' /* ; /* nested ; */ ; */, d int);
CREATE RULE r AS ON INSERT TO s.t DO (SELECT 1; SELECT 2);
COMMENT ON TABLE s.t IS E'it\\'s; \\\\';
`;
  expect(texts(script)).toEqual([
    "SET x = 1",
    `CREATE TABLE s."a;b" (c text DEFAULT 'x;''y;' /* ; /* nested ; */ ; */, d int)`,
    "CREATE RULE r AS ON INSERT TO s.t DO (SELECT 1; SELECT 2)",
    "COMMENT ON TABLE s.t IS E'it\\'s; \\\\'",
  ]);
});

test("keeps bodies of functions whole: dollar quotes with tags, and bodies in SQL", () => {
  const dollar = "CREATE FUNCTION s.f() RETURNS int LANGUAGE plpgsql AS $_$ BEGIN; $$ ' \" ; $a$ END; $_$";
  const atomic = `CREATE OR REPLACE PROCEDURE s.p() LANGUAGE sql
    BEGIN ATOMIC SELECT CASE WHEN true THEN 1 ELSE 2 END; INSERT INTO s.t VALUES (1); END`;
  expect(texts(`${dollar};\n${atomic};\nSELECT 1;`)).toEqual([dollar, atomic, "SELECT 1"]);
});

test("a backslash in a plain string is a backslash, and $ in a name is no quote", () => {
  expect(texts("SELECT 'a\\'; SELECT a$b$c FROM t; SELECT 2")).toEqual([
    "SELECT 'a\\'",
    "SELECT a$b$c FROM t",
    "SELECT 2",
  ]);
});

test("leaves out meta-commands of psql, and only those", () => {
  const script = `\\restrict datadb\nSET a = 1;\n\\unrestrict datadb\nCREATE TABLE s."\\x" ();\n`;
  expect(texts(script)).toEqual(["SET a = 1", `CREATE TABLE s."\\x" ()`]);
});

test("offsets of tokens are those of the statement", () => {
  const [, second] = splitStatements(`SELECT 1;  ALTER TABLE s."t ""x"" y" OWNER TO ann;`);
  for (const { at, text } of second!.tokens) expect(second!.text.slice(at, at + text.length)).toBe(text);
  expect(second!.tokens.map(({ value }) => value)).toContain('t "x" y');
});

test("a parameter, a column or a table called begin begins nothing", () => {
  const plain =
    "CREATE FUNCTION s.f(begin integer, \"end\" integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'";
  const atomic = `CREATE FUNCTION s.g(begin integer) RETURNS TABLE(atomic integer) LANGUAGE sql
    BEGIN ATOMIC SELECT begin.a, CASE begin.b WHEN 1 THEN 2 END AS c FROM s.t begin; SELECT g.begin; END`;
  const owner = "ALTER FUNCTION s.f(begin integer) OWNER TO ann";
  expect(texts([plain, owner, atomic, owner, ""].join(";\n"))).toEqual([plain, owner, atomic, owner]);
});

test("what is not closed does not hang", () => {
  for (const script of [
    "SELECT 'a",
    "SELECT $a$ b",
    'SELECT "a',
    "/* a",
    "CREATE FUNCTION f() BEGIN ATOMIC",
    "(",
  ])
    expect(() => texts(script)).not.toThrow();
});

test("texts, names and comments of any length are one token", () => {
  const much = "x".repeat(16 << 20);
  const script = `COMMENT ON TABLE "${much}" IS '${much}';\n${"-- x\n".repeat(1 << 20)}SELECT E'${much}';`;
  expect(splitStatements(script).map(({ tokens }) => tokens.length)).toEqual([6, 2]);
});
