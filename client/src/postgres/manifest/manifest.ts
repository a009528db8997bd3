/** What a backup of a PostgreSQL database says of itself: the shape of manifest.json. */

export const MANIFEST_FORMAT = 1;

/** Names of the files beside the tables. */
export const MANIFEST_PATH = "manifest.json";
export const SEQUENCES_PATH = "sequences.json";
export const GLOBALS_PATH = "globals.sql";
export const PRE_DATA_PATH = "schema/pre-data.sql";
export const POST_DATA_PATH = "schema/post-data.sql";
export const LARGE_OBJECTS_PATH = "large-objects.json";
export const LARGE_OBJECTS_DIRECTORY = "large-objects";

export type TableName = [schema: string, table: string];

export interface PostgresManifest {
  format: typeof MANIFEST_FORMAT;
  server: { version: string; versionNumber: number; encoding: string };
  database: DatabaseFacts;
  /** Null: everything was backed up. */
  selection: Selection | null;
  /** Settings in force while rows were read, by name: rows are loaded under the same. */
  session: Record<string, string>;
  extensions: { name: string; version: string; schema: string }[];
  /** All roles that the schema refers to. */
  roles: string[];
  tablespaces: string[];
  collations: { name: string; provider: string; version?: string }[];
  /** In order of schema and name. */
  tables: TableManifest[];
  foreignKeys: { name: string; from: TableName; to: TableName; deferrable: boolean }[];
  /** In the order in which they can be refreshed. */
  materializedViews: { schema: string; name: string; populated: boolean }[];
  largeObjects: number;
}

export interface DatabaseFacts {
  name: string;
  owner: string;
  encoding: string;
  collate: string;
  ctype: string;
  /** `libc`, `icu` or `builtin`. */
  localeProvider: string;
  icuLocale?: string;
  icuRules?: string;
  collationVersion?: string;
  /** Whole commands: ALTER DATABASE ... SET, ALTER ROLE ... IN DATABASE ... SET. */
  settings: string[];
  /** As aclitems. */
  acl?: string;
  comment?: string;
  tablespace: string;
}

export interface Selection {
  /** Patterns as they were given. */
  tables: string[];
  excluded: string[];
  /** SQL by table pattern. */
  where: Record<string, string>;
  schemaOnly: boolean;
  dataOnly: boolean;
  /** Of these the definitions alone are there: partitioned and foreign tables; with `schemaOnly` all that were chosen. */
  withoutRows?: TableName[];
}

export type TableKind = "table" | "partition" | "foreign" | "extension-config";

export interface TableManifest {
  schema: string;
  name: string;
  /** Where its rows are, from the root of the backup; absent content means that none were read. */
  path: string;
  kind: TableKind;
  /** In the order of the fields of a row; without generated columns. */
  columns: string[];
  key: { columns: string[]; index: string } | null;
  order: "key" | "ctid" | "physical";
  identityAlways: boolean;
  rowSecurity: boolean;
  format: "text" | "binary";
  /** SQL that chose the rows, where not all were read. */
  filter?: string;
  /** Of the row cutter: a power of two; rows whose key's hash is a multiple of it end a chunk. Kept over the series. */
  threshold: number;
  rows: number;
  bytes: number;
  /** Hex name of the chunk or list that is the content; empty for no bytes. */
  root: string;
}

/** One sequence, as sequences.json has it. Numbers are text: a bigint is more than JSON can tell. */
export interface SequenceState {
  schema: string;
  name: string;
  last_value: string;
  is_called: boolean;
}

/** One large object, as large-objects.json has it. */
export interface LargeObject {
  oid: number;
  owner: string;
  acl: string | null;
  comment: string | null;
  bytes: number;
}
