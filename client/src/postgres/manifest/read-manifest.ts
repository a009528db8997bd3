/** Reads manifest.json, sequences.json and large-objects.json of a backup, and trusts nothing in them. */
import { FormatTooNewError } from "@datadb/protocol";
import {
  type DatabaseFacts,
  LARGE_OBJECTS_PATH,
  type LargeObject,
  MANIFEST_FORMAT,
  MANIFEST_PATH,
  type PostgresManifest,
  SEQUENCES_PATH,
  type Selection,
  type SequenceState,
  type TableManifest,
  type TableName,
} from "./manifest.ts";
import {
  count,
  flag,
  listOf,
  mapOf,
  matching,
  mustBe,
  nullOr,
  oneOf,
  type Reader,
  readJson,
  record,
  text,
} from "./read-json.ts";
import { tablePath } from "./table-path.ts";

/** Throws DAMAGED for what does not have the shape, FORMAT_TOO_NEW for a later format. */
export function readManifest(bytes: Uint8Array): PostgresManifest {
  return readJson(bytes, MANIFEST_PATH, (value) => {
    const format = (value as { format?: unknown } | null)?.format;
    if (typeof format === "number" && format > MANIFEST_FORMAT)
      throw new FormatTooNewError(
        `${MANIFEST_PATH} has format ${format}, and this version reads ${MANIFEST_FORMAT}`,
      );
    return manifest(value);
  });
}

export function readSequences(bytes: Uint8Array): SequenceState[] {
  return readJson(bytes, SEQUENCES_PATH, listOf(sequence));
}

export function readLargeObjects(bytes: Uint8Array): LargeObject[] {
  return readJson(bytes, LARGE_OBJECTS_PATH, listOf(largeObject));
}

const sequence = record<SequenceState>(
  { schema: text, name: text, last_value: matching(/^-?\d{1,19}$/, "a bigint"), is_called: flag },
  {},
);

const largeObject = record<LargeObject>(
  { oid: count, owner: text, acl: nullOr(text), comment: nullOr(text), bytes: count },
  {},
);

const database = record<DatabaseFacts>(
  {
    name: text,
    owner: text,
    encoding: text,
    collate: text,
    ctype: text,
    localeProvider: text,
    settings: listOf(text),
    tablespace: text,
  },
  { icuLocale: text, icuRules: text, collationVersion: text, acl: text, comment: text },
);

const tableName: Reader<TableName> = (value) => {
  const names = listOf(text)(value);
  if (names.length !== 2) return oneOf<never>()(value);
  return names as TableName;
};

const selection = record<Selection>(
  { tables: listOf(text), excluded: listOf(text), where: mapOf(text), schemaOnly: flag, dataOnly: flag },
  { withoutRows: listOf(tableName) },
);

const tableFields = record<TableManifest>(
  {
    schema: text,
    name: text,
    path: text,
    kind: oneOf("table", "partition", "foreign", "extension-config"),
    columns: listOf(text),
    key: nullOr(record<{ columns: string[]; index: string }>({ columns: listOf(text), index: text }, {})),
    order: oneOf("key", "ctid", "physical"),
    identityAlways: flag,
    rowSecurity: flag,
    format: oneOf("text", "binary"),
    threshold: count,
    rows: count,
    bytes: count,
    root: matching(/^(?:[0-9a-f]{40}|[0-9a-f]{64})?$/, "a name"),
  },
  { filter: text },
);

/** The path follows from the names: another one would lead a restore to other rows. */
const table: Reader<TableManifest> = (value) => {
  const found = tableFields(value);
  mustBe(found.path, tablePath(found.schema, found.name), "path");
  return found;
};

const manifest = record<PostgresManifest>(
  {
    format: oneOf(MANIFEST_FORMAT),
    server: record<PostgresManifest["server"]>({ version: text, versionNumber: count, encoding: text }, {}),
    database,
    selection: nullOr(selection),
    session: mapOf(text),
    extensions: listOf(
      record<PostgresManifest["extensions"][number]>({ name: text, version: text, schema: text }, {}),
    ),
    roles: listOf(text),
    tablespaces: listOf(text),
    collations: listOf(
      record<PostgresManifest["collations"][number]>({ name: text, provider: text }, { version: text }),
    ),
    tables: listOf(table),
    foreignKeys: listOf(
      record<PostgresManifest["foreignKeys"][number]>(
        { name: text, from: tableName, to: tableName, deferrable: flag },
        {},
      ),
    ),
    materializedViews: listOf(
      record<PostgresManifest["materializedViews"][number]>(
        { schema: text, name: text, populated: flag },
        {},
      ),
    ),
    largeObjects: count,
  },
  {},
);
