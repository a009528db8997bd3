/** What the catalogues say of the whole database, in the snapshot. */
import {
  readCollations,
  readDatabase,
  readExtensions,
  readRoles,
  readTablespaces,
} from "../catalogue/database.ts";
import { readForeignKeys, readMaterializedViews } from "../catalogue/relations.ts";
import type { Session } from "../connect/session.ts";
import type { PostgresManifest } from "../manifest/manifest.ts";

export type CatalogueFacts = Pick<
  PostgresManifest,
  "database" | "extensions" | "roles" | "tablespaces" | "collations" | "foreignKeys" | "materializedViews"
>;

export async function readFacts(session: Session): Promise<CatalogueFacts> {
  return {
    database: await readDatabase(session),
    extensions: await readExtensions(session),
    roles: await readRoles(session),
    tablespaces: await readTablespaces(session),
    collations: await readCollations(session),
    foreignKeys: await readForeignKeys(session),
    materializedViews: await readMaterializedViews(session),
  };
}
