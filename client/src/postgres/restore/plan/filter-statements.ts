/** Leaves out statements that a restore is not to run: owners, privileges, and settings that its sessions have already. */
import { type DescribedStatement, describeStatement } from "../script/describe-statement.ts";
import { splitStatements } from "../script/split-statements.ts";
import { defaultSetBy, setsGrantor } from "./with-defaults.ts";

export interface StatementFilter {
  noOwner: boolean;
  noPrivileges: boolean;
  /** Versions of extensions that the server can make, by name. */
  extensionVersions: ReadonlyMap<string, string>;
}

export function wantedStatements(script: string, filter: StatementFilter): DescribedStatement[] {
  return splitStatements(script)
    .map(describeStatement)
    .filter((statement) => isWanted(statement, filter))
    .map((statement) => (statement.kind === "extension" ? withVersion(statement, filter) : statement));
}

function isWanted(statement: DescribedStatement, { noOwner, noPrivileges }: StatementFilter): boolean {
  if (statement.kind === "owner") return !noOwner;
  if (statement.kind === "privilege") return !noPrivileges;
  if (statement.kind !== "session") return true;
  // Privileges that another role than the owner granted are granted by that role again.
  if (setsGrantor(statement)) return !noPrivileges;
  return defaultSetBy(statement) !== null;
}

function withVersion(
  statement: DescribedStatement,
  { extensionVersions }: StatementFilter,
): DescribedStatement {
  const version = extensionVersions.get(statement.plainName ?? "");
  if (version === undefined) return statement;
  return { ...statement, text: `${statement.text} VERSION '${version.replaceAll("'", "''")}'` };
}
