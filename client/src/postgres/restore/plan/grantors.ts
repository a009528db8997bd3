/** Privileges that others than the owners granted: by whom they are granted again. */
import type { Session } from "../../connect/session.ts";
import { isSuperuser } from "../databases/database-state.ts";
import type { DescribedStatement } from "../script/describe-statement.ts";
import { setsGrantor } from "./with-defaults.ts";

export interface Granting {
  /** Without the SET and RESET SESSION AUTHORIZATION of grantors that cannot be used. */
  statements: DescribedStatement[];
  warnings: string[];
}

/** SET SESSION AUTHORIZATION of a role, what it grants, and RESET. */
interface Group {
  role: string;
  begin: DescribedStatement;
  end: DescribedStatement | undefined;
  /** Of the objects that the privileges are for. */
  schemas: Set<string>;
}

/**
 * Only a superuser acts for others. A role that may not use a schema grants nothing in it: privileges for schemas come with a whole database
 * alone. `made`: the database is not there yet, and no schema but public.
 */
export async function withGrantors(
  session: Session,
  statements: readonly DescribedStatement[],
  { whole, made }: { whole: boolean; made: boolean },
): Promise<Granting> {
  const groups = groupsOf(statements);
  if (groups.length === 0) return { statements: [...statements], warnings: [] };
  const others = "privileges that others than the owners have granted are granted by the owners";
  if (!(await isSuperuser(session)))
    return without(groups, statements, [`${others}: only a superuser can act for others`]);
  if (whole) return { statements: [...statements], warnings: [] };
  const barred = await barredFrom(session, groups, made);
  const cannot = groups.filter(({ role, schemas }) =>
    [...schemas].some((schema) => barred.has(keyOf(role, schema))),
  );
  const roles = [...new Set(cannot.map(({ role }) => role))].sort().join(", ");
  return without(cannot, statements, [`${others}: ${roles} may not use the schema`]);
}

function without(
  groups: readonly Group[],
  statements: readonly DescribedStatement[],
  warnings: string[],
): Granting {
  const gone = new Set(groups.flatMap(({ begin, end }) => [begin, end]));
  return {
    statements: statements.filter((statement) => !gone.has(statement)),
    warnings: groups.length === 0 ? [] : warnings,
  };
}

function groupsOf(statements: readonly DescribedStatement[]): Group[] {
  const groups: Group[] = [];
  let open: Group | null = null;
  for (const statement of statements) {
    if (!setsGrantor(statement)) {
      if (statement.subject !== null) open?.schemas.add(statement.subject.schema);
    } else if (statement.tokens[0]!.value === "set") {
      open = { role: statement.tokens.at(-1)!.value, begin: statement, end: undefined, schemas: new Set() };
      groups.push(open);
    } else {
      if (open !== null) open.end = statement;
      open = null;
    }
  }
  return groups;
}

/** Roles and schemas that do not go together. A role that is missing is told by the preflight, with all that is. */
async function barredFrom(session: Session, groups: readonly Group[], made: boolean): Promise<Set<string>> {
  const pairs = groups.flatMap(({ role, schemas }) => [...schemas].map((schema) => [role, schema] as const));
  const rows = await session.query<{ role: string; schema: string }>(
    `SELECT g.role, g.schema FROM unnest($1::text[], $2::text[]) AS g (role, schema)
     JOIN pg_catalog.pg_roles AS r ON r.rolname = g.role
     LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = g.schema AND (NOT $3 OR g.schema = 'public')
     WHERE NOT r.rolsuper AND NOT coalesce(pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE'), false)`,
    [pairs.map(([role]) => role), pairs.map(([, schema]) => schema), made],
  );
  return new Set(rows.map(({ role, schema }) => keyOf(role, schema)));
}

function keyOf(role: string, schema: string): string {
  return `${role}\0${schema}`;
}
