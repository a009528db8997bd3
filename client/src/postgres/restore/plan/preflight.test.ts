/** What a server lacks is found before anything is written. */
import { expect, test } from "vitest";
import type { Session } from "../../connect/session.ts";
import type { DatabaseFacts, PostgresManifest } from "../../manifest/manifest.ts";
import { type PreflightRequest, preflight } from "./preflight.ts";

const NOTHING: Omit<PreflightRequest, "manifest"> = {
  roles: [],
  owners: [],
  existing: null,
  extensions: [],
  tablespaces: [],
  withoutRoles: false,
};

test.each([
  ["builtin", 160009, /provider builtin, which PostgreSQL has from 17 on/],
  ["builtin", 170000, null],
  ["icu", 140000, /provider icu, which PostgreSQL has from 15 on/],
  ["icu", 150000, null],
  ["libc", 120000, null],
])("a locale of %s on a server of version %i", async (localeProvider, versionNumber, problem) => {
  const session = {
    server: { versionNumber, version: `${versionNumber}` },
    target: { label: "host/app", user: "ann" },
    // Knows every encoding, has ICU, and lacks no role.
    query: async (sql: string) => (/encoding|collprovider/.test(sql) ? [{ encoding: 6 }] : []),
  } as unknown as Session;
  const database = { encoding: "UTF8", collate: "C", ctype: "C", localeProvider } as DatabaseFacts;
  const server = { versionNumber: 120000, version: "12", encoding: "UTF8" };
  const manifest = { database, server, collations: [], extensions: [] } as unknown as PostgresManifest;
  const looking = preflight(session, { ...NOTHING, manifest });
  if (problem === null) await expect(looking).resolves.toMatchObject({ warnings: [] });
  else await expect(looking).rejects.toThrow(problem);
});
