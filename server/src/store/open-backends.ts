/** Opens the backend composition of a store on its local/. */
import { type Backend, type BackendConfig, type BackendContext, openBackend } from "@datadb/backends";
import { hashLength } from "@datadb/protocol";
import { resolveValue } from "../access/secret-value.ts";
import { mergedNameIndex } from "../blobs/merged-name-index.ts";
import { levelNameIndex, listedNameIndex, type NameIndex } from "../blobs/name-index.ts";
import { writeCleanHead } from "../log/local-marks.ts";
import { createAbsentKeys } from "./absent-keys.ts";
import { indexPrefix, levelRecordIndex } from "./level-record-index.ts";
import type { Local } from "./open-local.ts";
import type { StoreConfig } from "./store-config.ts";
import { openSuspects, type Suspects } from "./suspects.ts";

/** The open composition. */
export interface OpenBackends {
  readonly backend: Backend;
  readonly index: NameIndex;
  /** Records that opening brought into the index: what a crash had left out, or all of them when local/ was empty. */
  readonly indexed: number;
  /** Log records are among them: what local/ says of the log is older than the log. */
  readonly logGrew: boolean;
  /** The last nodes among them, also those of openings that were cut short: a power cut may have left them without their content. */
  readonly suspects: Suspects;
}

/** What the caller adds to the configuration. */
export interface BackendSurroundings extends Pick<BackendContext, "warn" | "fs" | "keyRecord"> {
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
  /** Nothing is changed in any of them. */
  readonly readOnly?: boolean;
}

/** Left as they are: who encrypts looks at the files that hold its secrets, not only into them. */
const OWN_REFERENCES = /\.encrypt\.(key|passphrase)$/;

/** A configuration with its `env:` and `file:` values. `at`: where it stands, for errors. */
export function resolveStrings(value: unknown, at: string): unknown {
  if (OWN_REFERENCES.test(at)) return value;
  if (typeof value === "string") return resolveValue(value, at);
  if (Array.isArray(value)) return value.map((one, index) => resolveStrings(one, `${at}.${index}`));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, resolveStrings(one, `${at}.${key}`)]),
  );
}

/** Opens it. Errors: see openBackend. */
export async function openBackends(
  local: Local,
  config: StoreConfig,
  around: BackendSurroundings,
): Promise<OpenBackends> {
  const { directory, warn, fs, keyRecord, signal, readOnly } = around;
  let prefix: Buffer | null = null;
  let indexed = 0;
  let logGrew = false;
  const suspects = await openSuspects(local.level, hashLength(config.hash), local.empty);
  const blobs = resolveStrings(config.blobs, "blobs") as BackendConfig;
  const backend = await openBackend(readOnly ? { "read-only": { to: blobs } } : blobs, {
    storeId: Buffer.from(config.id, "hex"),
    hash: config.hash,
    directory,
    warn,
    ...(fs ? { fs } : {}),
    keyRecord,
    ...(signal ? { signal } : {}),
    index(path) {
      const own = indexPrefix(path);
      prefix ??= own;
      return levelRecordIndex(local.level, own, createAbsentKeys(local.level, own, local.empty));
    },
    async recovered(kind, names) {
      indexed += names.length;
      if (kind === "node") await suspects.add(names);
      if (kind !== "log" || names.length === 0 || logGrew) return;
      logGrew = true;
      // Should this opening be cut short, the next one must not believe a mark that is older than these records.
      await writeCleanHead(local.level, null);
    },
  });
  return { backend, index: nameIndex(backend, local, prefix), indexed, logGrew, suspects };
}

/** `first`: what the keys of the first index begin with that opening asked for. Of a mirror it can be another one every time. */
function nameIndex(backend: Backend, local: Local, first: Buffer | null): NameIndex {
  const current = (): NameIndex => {
    const path = backend.namesIn?.();
    const prefix = path ? indexPrefix(path) : path === undefined ? first : null;
    const own = prefix === null ? listedNameIndex(backend) : levelNameIndex(local.level, prefix);
    const more = backend.moreNamesIn?.() ?? [];
    return mergedNameIndex([own, ...more.map((one) => levelNameIndex(local.level, indexPrefix(one)))]);
  };
  return {
    records: (kind, from) => current().records(kind, from),
    freeze: () => current().freeze(),
  };
}
