/** From the backup's scripts to what will run: selected, filtered, renamed, and checked against the server. */
import { UsageError } from "@datadb/protocol";
import type { Session } from "../../connect/session.ts";
import type { PostgresManifest } from "../../manifest/manifest.ts";
import { rolesOfSettings } from "../databases/create-database.ts";
import type { DatabaseState } from "../databases/database-state.ts";
import { refuseExisting, schemaStatement } from "../restore-into-database.ts";
import type { RestoreRun } from "../restore-run.ts";
import { type DescribedStatement, describeStatement } from "../script/describe-statement.ts";
import { keyOf, type ObjectName } from "../script/object-name.ts";
import { splitStatements } from "../script/split-statements.ts";
import { rolesOfAcl } from "./acl-statements.ts";
import type { ExistingNames } from "./existing-names.ts";
import { wantedStatements } from "./filter-statements.ts";
import { type Granting, withGrantors } from "./grantors.ts";
import { narrowScripts } from "./narrow-scripts.ts";
import { neededOwners, neededRoles } from "./needed-roles.ts";
import { preflight } from "./preflight.ts";
import { newNames, renamed } from "./rename-objects.ts";
import {
  type Closure,
  closureOf,
  type RestoreSelection,
  selectEverything,
  tableAt,
  type Wanted,
  wantedByPath,
} from "./select-objects.ts";
import { withPartitions } from "./with-partitions.ts";
import { withoutMissing } from "./without-missing.ts";

/**
 * `existing`: what the target has. `database`: the target, or null for one that will be made. `beside`: tables come beside what is
 * there, with what they need and nothing else.
 */
export async function prepareRestore(
  run: RestoreRun,
  session: Session,
  existing: ExistingNames,
  database: DatabaseState | null,
  beside = false,
): Promise<RestoreSelection> {
  const { files, options, report } = run;
  const { dataOnly: noDefinitions, schemaOnly: noRows } = files.manifest.selection ?? {};
  if (noDefinitions === true && options.dataOnly !== true)
    throw new UsageError(
      "this backup has rows only",
      "restore it with --data-only into a database that has the tables",
    );
  if (noRows === true && options.dataOnly === true)
    throw new UsageError("this backup has definitions only, and no rows", "restore it without --data-only");
  const filter = {
    noOwner: options.noOwner === true,
    noPrivileges: options.noPrivileges === true,
  };
  const table = tableAt(options.path ?? "", files.manifest);
  const scripts =
    table === undefined
      ? files
      : narrowScripts(
          files,
          new Set([keyOf(table)]),
          { ...filter, extensionVersions: new Map() },
          existing.has,
        );
  const read = (versions: ReadonlyMap<string, string>): [DescribedStatement[], DescribedStatement[]] => {
    const more = { ...filter, extensionVersions: versions };
    return [wantedStatements(scripts.preData, more), wantedStatements(scripts.postData, more)];
  };
  const choose = async (versions: ReadonlyMap<string, string>): Promise<Chosen> =>
    await granted(session, select(run, ...read(versions), existing, beside), run, database === null);
  const chosen = await choose(new Map());
  const { extensionVersions, warnings } = await preflight(session, {
    ...needs(run, chosen.selection, database === null),
    existing: database,
  });
  for (const warning of [...warnings, ...chosen.warnings]) report.warn(warning);
  const { selection } = extensionVersions.size === 0 ? chosen : await choose(extensionVersions);
  report.totals(selection.tables);
  return selection;
}

interface Chosen {
  selection: RestoreSelection;
  warnings: string[];
}

/** What is chosen, granted by those who can grant it there. */
async function granted(
  session: Session,
  selection: RestoreSelection,
  { options }: RestoreRun,
  made: boolean,
): Promise<Chosen> {
  if (options.dataOnly === true) return { selection, warnings: [] };
  const { whole } = selection;
  const by = (statements: readonly DescribedStatement[]): Promise<Granting> =>
    withGrantors(session, statements, { whole, made });
  const [before, after] = [await by(selection.preData), await by(selection.postData)];
  return {
    selection: { ...selection, preData: before.statements, postData: after.statements },
    warnings: [...new Set([...before.warnings, ...after.warnings])],
  };
}

function select(
  run: RestoreRun,
  preData: DescribedStatement[],
  postData: DescribedStatement[],
  existing: ExistingNames,
  beside: boolean,
): RestoreSelection {
  const { files, options, target } = run;
  const { manifest, sequences } = files;
  const path = options.path ?? "";
  const { tables: chosen, excluded } = manifest.selection ?? { tables: [], excluded: [] };
  if (path === "" && (options.dataOnly === true || (!beside && chosen.length === 0))) {
    const [before, after] = excluded.length === 0 ? [preData, postData] : withoutMissing(preData, postData);
    return selectEverything(manifest, sequences, before, after);
  }
  const asked: Wanted =
    path === ""
      ? { keys: new Set([...manifest.tables, ...withoutRows(manifest)].map(keyOf)), schema: null }
      : wantedByPath(path, manifest, preData);
  if (options.rename !== undefined && (asked.schema !== null || asked.keys.size !== 1))
    throw new UsageError(
      "--rename is for one table",
      "give the path of a table, or --to-schema for a schema",
    );
  const wanted: Wanted = { ...asked, keys: withPartitions(asked.keys, preData) };
  const closure = closureOf(wanted, preData, postData, existing.has);
  const isMoved = options.toSchema !== undefined || options.rename !== undefined;
  const moved = isMoved ? movedKeys(wanted, closure.made) : new Set<string>();
  const names = newNames([...closure.preData, ...closure.postData], moved, options);
  const nameOf = (table: ObjectName): ObjectName =>
    names.get(keyOf(table)) ?? { schema: table.schema, name: table.name };
  const extensions = extensionsFor(closure, preData, existing);
  const schemas = [...new Set([...homesOf(extensions, preData), ...closure.preData])].filter(
    ({ kind, plainName }) => kind !== "schema" || !existing.hasSchema(plainName ?? ""),
  );
  const again = (statement: DescribedStatement): DescribedStatement =>
    names.size === 0 ? statement : described(renamed(statement, names));
  const made = new Set([...closure.made, ...closure.unknown.map(keyOf)]);
  const selection: RestoreSelection = {
    whole: false,
    preData: [
      ...(options.toSchema === undefined ? [] : [described(schemaStatement(options.toSchema))]),
      ...orderSchemas(schemas, extensions).map(again),
    ],
    postData: closure.postData.map(again),
    tables: manifest.tables.filter((table) => wanted.keys.has(keyOf(table))),
    sequences: sequences
      .filter((sequence) => made.has(keyOf(sequence)))
      .map((sequence) => ({ ...sequence, ...nameOf(sequence) })),
    hasView: (view) => closure.made.has(keyOf(view)),
    nameOf,
  };
  if (options.dataOnly !== true) {
    const names = [...wanted.keys].map((key) => ({ schema: key.split("\0")[0]!, name: key.split("\0")[1]! }));
    refuseExisting(selection, names, existing, target.label, options.path);
  }
  return selection;
}

/** Chosen tables that have only a definition in the backup. */
function withoutRows({ selection }: PostgresManifest): ObjectName[] {
  return (selection?.withoutRows ?? []).map(([schema, name]) => ({ schema, name }));
}

/** Of a schema all that comes along and is in it. */
function movedKeys({ keys, schema }: Wanted, made: ReadonlySet<string>): ReadonlySet<string> {
  return schema === null ? keys : new Set([...made].filter((key) => key.startsWith(`${schema}\0`)));
}

/** What an index by this method may need without naming it: the standard operators of plain types. */
const OPERATORS_FOR: Readonly<Record<string, string>> = {
  gist: "btree_gist",
  overlaps: "btree_gist",
  gin: "btree_gin",
};

/** Extensions in whose schemas names are that neither backup nor target has, and those that indexes need. */
function extensionsFor(
  { unknown, postData }: Closure,
  preData: readonly DescribedStatement[],
  existing: ExistingNames,
): DescribedStatement[] {
  const implied = new Set(
    postData.flatMap(({ tokens }) =>
      tokens.flatMap(({ kind, value }) => (kind === "word" ? (OPERATORS_FOR[value] ?? []) : [])),
    ),
  );
  const schemas = new Set(unknown.filter((name) => !existing.has(name)).map(({ schema }) => schema));
  return preData.filter(
    (one) => one.kind === "extension" && (schemas.has(homeOf(one)) || implied.has(one.plainName ?? "")),
  );
}

/** The schema that an extension is made in. */
function homeOf({ tokens }: DescribedStatement): string {
  return tokens[tokens.findIndex(({ value }) => value === "schema") + 1]?.value ?? "";
}

/** CREATE SCHEMA of those of extensions: nothing else that is restored may be in them. */
function homesOf(
  extensions: readonly DescribedStatement[],
  preData: readonly DescribedStatement[],
): DescribedStatement[] {
  const homes = new Set(extensions.map(homeOf));
  return preData.filter(({ kind, plainName }) => kind === "schema" && homes.has(plainName ?? ""));
}

function orderSchemas(
  statements: readonly DescribedStatement[],
  extensions: readonly DescribedStatement[],
): DescribedStatement[] {
  const isSchema = ({ kind }: DescribedStatement): boolean => kind === "schema";
  return [...statements.filter(isSchema), ...extensions, ...statements.filter((one) => !isSchema(one))];
}

function described(text: string): DescribedStatement {
  return describeStatement(splitStatements(text)[0]!);
}

function needs(
  { files, options }: RestoreRun,
  { preData, postData, whole }: RestoreSelection,
  isNew: boolean,
): Omit<Parameters<typeof preflight>[1], "existing"> {
  const { manifest, largeObjects } = files;
  const { database } = manifest;
  const statements = options.dataOnly === true ? [] : [...preData, ...postData];
  const roles = new Set(neededRoles(statements, manifest.roles));
  const owners = new Set(neededOwners(statements));
  if (whole && isNew) {
    if (options.noOwner !== true) for (const set of [roles, owners]) set.add(database.owner);
    if (options.noPrivileges !== true) {
      for (const role of rolesOfSettings(database.settings)) roles.add(role);
      for (const role of rolesOfAcl(database.acl ?? "", database.owner)) roles.add(role);
    }
  }
  if (whole && options.noPrivileges !== true)
    for (const { acl, owner } of largeObjects)
      for (const role of rolesOfAcl(acl ?? "", owner)) roles.add(role);
  if (whole && options.noOwner !== true)
    for (const { owner } of largeObjects) for (const set of [roles, owners]) set.add(owner);
  const tablespaces = manifest.tablespaces.filter(
    (name) => isNew || statements.some(({ tokens }) => tokens.some(({ value }) => value === name)),
  );
  return {
    manifest,
    roles: [...roles].sort(),
    owners: [...owners].sort(),
    extensions: statements.flatMap(({ kind, plainName }) =>
      kind === "extension" && plainName !== null ? [plainName] : [],
    ),
    tablespaces,
    withoutRoles: options.noOwner === true && options.noPrivileges === true,
  };
}
