/** Parses config.yaml; every mistake is an error that names key and line. */

import type { BackendConfig } from "@datadb/backends";
import {
  type ChunkerParameters,
  FormatTooNewError,
  type HashAlgorithm,
  isChunkerAlgorithm,
  MAX_BLOB_BYTES,
  UsageError,
} from "@datadb/protocol";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import type { Settings } from "../database.ts";
import {
  DEFAULT_BLOBS,
  DEFAULT_CHUNKER,
  PASSED_SECTIONS,
  STORE_FORMAT,
  type StoreConfig,
} from "./store-config.ts";

const KNOWN: readonly string[] = [
  "format",
  "id",
  "hash",
  "timezone",
  "chunker",
  "blobs",
  "records",
  ...PASSED_SECTIONS,
];

type Fail = (key: string, problem: string) => never;

/** The line of a dotted key, or of its nearest ancestor that is written. */
function lineOf(document: Document, lines: LineCounter, key: string): number {
  const path = key.split(".");
  for (; path.length > 0; path.pop()) {
    const node = document.getIn(path, true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseTimezone(value: unknown, fail: Fail): string {
  const zone = value ?? "UTC";
  // What a new store has; asking for it loads all that is known of time zones, at each start.
  if (zone === "UTC") return zone;
  try {
    if (typeof zone === "string")
      return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone && zone;
  } catch {
    // The error below names the value.
  }
  return fail("timezone", `${JSON.stringify(zone)} is no time zone such as Europe/Berlin`);
}

function parseChunker(value: unknown, fail: Fail): ChunkerParameters {
  if (value === undefined || value === null) return DEFAULT_CHUNKER;
  if (!isMap(value)) return fail("chunker", "expected algorithm, min, avg and max");
  for (const key of Object.keys(value)) if (!(key in DEFAULT_CHUNKER)) fail(`chunker.${key}`, "unknown key");
  const { algorithm, min, avg, max }: Record<string, unknown> = { ...DEFAULT_CHUNKER, ...value };
  if (!isChunkerAlgorithm(algorithm)) return fail("chunker.algorithm", "expected gear, fastcdc or rabin");
  const size = (key: string, bytes: unknown): number =>
    typeof bytes === "number" && Number.isInteger(bytes) && bytes >= 64 && bytes <= MAX_BLOB_BYTES
      ? bytes
      : fail(`chunker.${key}`, `expected a number of bytes from 64 to ${MAX_BLOB_BYTES}`);
  const chunker: ChunkerParameters = {
    algorithm,
    min: size("min", min),
    avg: size("avg", avg),
    max: size("max", max),
  };
  if (chunker.min > chunker.avg || chunker.avg > chunker.max) fail("chunker", "expected min <= avg <= max");
  return chunker;
}

function parseHash(value: unknown, fail: Fail): HashAlgorithm {
  return value === "sha256" || value === "sha1" ? value : fail("hash", "expected sha256 or sha1");
}

function parseId(value: unknown, fail: Fail): string {
  return typeof value === "string" && /^[0-9a-f]{32}$/.test(value)
    ? value
    : fail("id", "expected 32 lower-case hex digits, in quotes");
}

function checkFormat(path: string, format: unknown, fail: Fail): number {
  if (typeof format === "number" && format > STORE_FORMAT) {
    throw new FormatTooNewError(`the store ${path} has format ${format}, this datadb knows ${STORE_FORMAT}`, {
      fields: { path, format },
    });
  }
  return format === STORE_FORMAT ? STORE_FORMAT : fail("format", `expected ${STORE_FORMAT}`);
}

/** Aliases that lead nowhere, or to more than any configuration holds, are found only now. */
function plainValue(document: Document, refuse: (problem: string) => never): unknown {
  try {
    return document.toJS();
  } catch (error) {
    return refuse((error as Error).message.split("\n")[0] ?? "not YAML");
  }
}

/** The mistakes of configurations that are read before there is a store have no id and format: `partial` allows that. */
export function parseConfig(text: string, path: string, partial?: Partial<StoreConfig>): StoreConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const refuse = (line: number, problem: string, key: string): never => {
    throw new UsageError(`${path}, line ${line}: ${problem}`, {
      next: `correct ${path}`,
      fields: { path, line, key },
    });
  };
  const [mistake] = document.errors;
  if (mistake)
    return refuse(lines.linePos(mistake.pos[0]).line, mistake.message.split("\n")[0] ?? "not YAML", "");
  const value = plainValue(document, (problem) => refuse(1, problem, ""));
  const fail: Fail = (key, problem) => refuse(lineOf(document, lines, key), `${key}: ${problem}`, key);
  if (!isMap(value)) {
    if (value === null && partial) return parseConfig("{}", path, partial);
    return refuse(1, "expected keys such as format, id and blobs", "");
  }
  const given = { ...partial, ...value };
  // A newer format may have any keys: it is told before they are looked at.
  const format = checkFormat(path, given["format"], fail);
  for (const key of Object.keys(value))
    if (!KNOWN.includes(key)) fail(key, `unknown key (known: ${KNOWN.join(", ")})`);
  const { blobs } = value;
  if (blobs !== undefined && !isMap(blobs))
    fail("blobs", "expected a backend such as { blobsfile: { path: blobs } }");
  const { records = DEFAULT_BLOBS } = value;
  if (records !== false && !isMap(records))
    fail("records", "expected false, or a backend such as { blobsfile: { path: blobs } }");
  const settings: Settings = Object.fromEntries(
    PASSED_SECTIONS.filter((key) => key in value).map((key) => [key, value[key]]),
  );
  return {
    format,
    id: parseId(given["id"], fail),
    hash: parseHash(given["hash"], fail),
    timezone: parseTimezone(given["timezone"], fail),
    chunker: parseChunker(value["chunker"], fail),
    blobs: (blobs as BackendConfig | undefined) ?? DEFAULT_BLOBS,
    records: records === false ? null : (records as BackendConfig),
    settings,
  };
}
