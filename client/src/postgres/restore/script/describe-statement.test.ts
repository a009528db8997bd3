/** What statements of pg_dump do, said from the statements alone. */
import { expect, test } from "vitest";
import { describeStatement } from "./describe-statement.ts";
import { shownName } from "./object-name.ts";
import { splitStatements } from "./split-statements.ts";

function shown(sql: string): string {
  const { kind, creates, subject, plainName } = describeStatement(splitStatements(sql)[0]!);
  const names = [creates, subject].map((name) => (name === null ? "-" : shownName(name)));
  return [kind, ...names, ...(plainName === null ? [] : [plainName])].join(" ");
}

test.each([
  ["SET default_tablespace = ''", "session - -"],
  ["SELECT pg_catalog.set_config('search_path', '', false)", "session - -"],
  ['CREATE SCHEMA "a b"', "schema - - a b"],
  ["CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA ext", "extension - - hstore"],
  ["CREATE UNLOGGED TABLE s.t (i int)", "object s.t s.t"],
  ["CREATE FOREIGN TABLE s.t (i int) SERVER x", "object s.t s.t"],
  ["CREATE MATERIALIZED VIEW s.v AS SELECT 1 WITH NO DATA", "object s.v s.v"],
  ["CREATE OPERATOR s.=== (FUNCTION = s.f, LEFTARG = point)", 'object s."===" s."==="'],
  ['CREATE TEXT SEARCH CONFIGURATION s.c (PARSER = pg_catalog."default")', "object s.c s.c"],
  ["CREATE CAST (s.a AS integer) WITH FUNCTION s.f(s.a)", "object - -"],
  ["CREATE UNIQUE INDEX i ON ONLY s.t USING btree (a)", "index s.i s.t"],
  ["CREATE TRIGGER t AFTER UPDATE OF a, b ON s.t FOR EACH ROW EXECUTE FUNCTION x.f()", "object - s.t"],
  ["CREATE POLICY p ON s.t USING (true)", "object - s.t"],
  ["CREATE RULE r AS ON INSERT TO s.t DO INSTEAD NOTHING", "object - s.t"],
  ["CREATE STATISTICS s.x ON a, b FROM s.t", "object s.x s.t"],
  ["ALTER TABLE ONLY s.t ADD CONSTRAINT c PRIMARY KEY (a)", "unique s.c s.t"],
  ["ALTER TABLE ONLY s.t ADD CONSTRAINT c EXCLUDE USING gist (a WITH =)", "object s.c s.t"],
  ["ALTER TABLE s.t ADD CONSTRAINT c CHECK ((a > 0)) NOT VALID", "object - s.t"],
  ["ALTER TABLE ONLY s.t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES s.u(b)", "foreign-key - s.t"],
  ["ALTER TABLE ONLY s.p ATTACH PARTITION s.t FOR VALUES IN (1)", "attach - s.p"],
  ["ALTER TABLE s.t OWNER TO ann", "owner - s.t"],
  ['ALTER SCHEMA x OWNER TO "ann b"', "owner - - x"],
  ["ALTER EVENT TRIGGER e OWNER TO ann", "owner - -"],
  ["ALTER SEQUENCE s.q OWNED BY s.t.id", "object - s.q"],
  ["COMMENT ON COLUMN s.t.c IS 'x'", "comment - s.t"],
  ["COMMENT ON CONSTRAINT c ON s.t IS 'x'", "comment - s.t"],
  ["COMMENT ON EXTENSION e IS 'x'", "comment - - e"],
  ["GRANT INSERT(id) ON TABLE s.t TO ann", "privilege - s.t"],
  ["REVOKE ALL ON FUNCTION s.f(a integer) FROM PUBLIC", "privilege - s.f"],
  ["ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES TO b", "privilege - -"],
  ["CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION s.f()", "event-trigger - -"],
  ["ALTER PUBLICATION p ADD TABLE ONLY s.t", "publication - -"],
])("%s", (sql, what) => {
  expect(shown(sql)).toBe(what);
});
