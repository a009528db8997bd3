/** Statements chosen from a script come with what stands before them: tablespace, access method, grantor. Others' are left out. */
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
  const filter = { noOwner: false, noPrivileges: false, extensionVersions: new Map() };
  const of = (table: string): string[] =>
    withDefaults(wantedStatements(script, filter), ({ text }) => text.includes(`.${table} `)).map(
      ({ text }) => text,
    );
  expect(of("b")).toEqual([
    "SET SESSION AUTHORIZATION bob",
    "GRANT SELECT ON TABLE public.b TO carl",
    "RESET SESSION AUTHORIZATION",
    "GRANT SELECT ON TABLE public.b TO dora",
  ]);
  expect(of("c")).toEqual([]);
});
