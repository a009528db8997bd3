/** Tables chosen from a script come with the tablespace and access method that stand before them, others' are left out. */
import { expect, test } from "vitest";
import { wantedStatements } from "./filter-statements.ts";
import { withDefaults } from "./with-defaults.ts";

const SCRIPT = `
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.a (id integer);
SET default_tablespace = fast;
CREATE TABLE public.b (id integer);
CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql RETURN 1;
SET default_tablespace = '';
CREATE TABLE public.c (id integer);
SET default_tablespace = slow;
CREATE INDEX d ON public.c USING btree (id);`;

const all = wantedStatements(SCRIPT, {
  noOwner: false,
  noPrivileges: false,
  asGrantor: true,
  extensionVersions: new Map(),
});
const chosen = (pattern: RegExp): string[] =>
  withDefaults(all, ({ text }) => pattern.test(text)).map(({ text }) => text);

test.each([
  [
    /\.a /,
    [
      "SET default_tablespace = ''",
      "SET default_table_access_method = heap",
      "CREATE TABLE public.a (id integer)",
    ],
  ],
  [
    /\.b /,
    [
      "SET default_tablespace = fast",
      "SET default_table_access_method = heap",
      "CREATE TABLE public.b (id integer)",
    ],
  ],
  [/FUNCTION/, ["CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql RETURN 1"]],
])("%s", (pattern, texts) => {
  expect(chosen(pattern).sort()).toEqual([...texts].sort());
});

test("the settings follow the order of the script, and none is said twice", () => {
  expect(chosen(/\.[ac] /)).toEqual([
    "SET default_tablespace = ''",
    "SET default_table_access_method = heap",
    "CREATE TABLE public.a (id integer)",
    "CREATE TABLE public.c (id integer)",
    "SET default_tablespace = slow",
    "CREATE INDEX d ON public.c USING btree (id)",
  ]);
});

test("who granted comes along with what was granted", () => {
  const script = `
    SET SESSION AUTHORIZATION ann;
    GRANT SELECT ON TABLE public.a TO bob;
    RESET SESSION AUTHORIZATION;
    SET SESSION AUTHORIZATION bob;
    GRANT SELECT ON TABLE public.b TO carl;
    RESET SESSION AUTHORIZATION;
    GRANT SELECT ON TABLE public.b TO dora;`;
  const filter = { noOwner: false, noPrivileges: false, asGrantor: true, extensionVersions: new Map() };
  const of = (table: string, asGrantor: boolean): string[] => {
    const statements = wantedStatements(script, { ...filter, asGrantor });
    return withDefaults(statements, ({ text }) => text.includes(`.${table} `)).map(({ text }) => text);
  };
  const [grant, other] = ["GRANT SELECT ON TABLE public.b TO carl", "GRANT SELECT ON TABLE public.b TO dora"];
  expect(of("b", true)).toEqual([
    "SET SESSION AUTHORIZATION bob",
    grant,
    "RESET SESSION AUTHORIZATION",
    other,
  ]);
  expect(of("b", false)).toEqual([grant, other]);
  expect(of("c", true)).toEqual([]);
});
