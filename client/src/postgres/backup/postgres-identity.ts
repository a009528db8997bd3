/** Which series the backups of a database belong to: the same tomorrow, whoever asks, and no secret in it. */
import { hostname } from "node:os";
import { postgresTarget } from "../connect/target.ts";
import type { PostgresSource } from "./postgres-source.ts";
import { selectionOf } from "./select-tables.ts";

const DEFAULT_PORT = 5432;
const HERE = /^(?:\/.*|localhost|127(?:\.\d+){3}|::1)$/;

/**
 * Host: the server's, or this machine's name for a server here. Path: `postgres://[HOST][:PORT]/DATABASE`, and `?` with the selection
 * where not all is backed up: a series of its own. Throws USAGE.
 */
export function postgresIdentity(
  source: PostgresSource,
  options: { host?: string; path?: string; name?: string },
): { host: string; path: string; name: string } {
  const { hosts, database } = postgresTarget(source.postgres, source.environment);
  const names = hosts.map(({ host }) => (HERE.test(host) ? "" : host));
  const ports = hosts.map(({ port }) => (port === DEFAULT_PORT ? "" : `:${port}`));
  const places = names.map((name, i) => `${name.includes(":") ? `[${name}]` : name}${ports[i]}`);
  const path = `postgres://${places.join(",")}/${encodeURIComponent(database)}${selectionQuery(source)}`;
  const host = names.filter((name) => name !== "").join(",") || hostname();
  return { host: options.host ?? host, path: options.path ?? path, name: options.name ?? database };
}

function selectionQuery(source: PostgresSource): string {
  const selection = selectionOf(source);
  if (selection === null) return "";
  const { tables, excluded, where, schemaOnly, dataOnly } = selection;
  const pairs = [
    ...tables.map((pattern) => ["table", pattern]),
    ...excluded.map((pattern) => ["exclude-table", pattern]),
    ...Object.entries(where)
      .map(([pattern, sql]) => ["where", `${pattern}=${sql}`])
      .sort((a, b) => (a[1]! < b[1]! ? -1 : 1)),
    ...(schemaOnly ? [["schema-only", ""]] : []),
    ...(dataOnly ? [["data-only", ""]] : []),
  ];
  return `?${pairs.map(([key, value]) => (value === "" ? key : `${key}=${encodeURIComponent(value!)}`)).join("&")}`;
}
