/** Reads the options of one backend from a configuration; every mistake is an error that names the key. */
import { UsageError } from "@datadb/protocol";

/** Exactly one key, the type; its value is that type's options: `{ blobsfile: { path: "blobs" } }`. */
export type BackendConfig = { readonly [type: string]: unknown };

/** The options of one backend, taken one by one; `done` refuses what nobody took. */
export interface BackendOptions {
  /** Where these options are in the configuration, e.g. `blobs.mirror.0.blobsfile`. */
  readonly at: string;
  /** A non-empty text. Without a fallback the key must be there. */
  text(key: string, fallback?: string): string;
  /** A text, or undefined when the key is not there. */
  optionalText(key: string): string | undefined;
  /** An integer within `min` and `max`, both included. */
  integer(key: string, limits: { min: number; max: number; fallback: number }): number;
  /** true or false. */
  flag(key: string, fallback: boolean): boolean;
  /** The configuration of a wrapped backend and where it is. */
  child(key: string): { config: BackendConfig; at: string };
  /** The configurations of wrapped backends, at least one, and where they are. */
  children(key: string): { config: BackendConfig; at: string }[];
  /** Throws USAGE when a key was never taken. */
  done(): void;
}

function plainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The mistake as an error with the place in front. */
export function configError(at: string, problem: string): UsageError {
  return new UsageError(`${at}: ${problem}`, {
    next: "correct the store's config.yaml",
    fields: { key: at },
  });
}

/** The one type that a backend configuration names, and its options. Throws USAGE. */
export function backendType(config: unknown, at: string): { type: string; value: unknown } {
  if (!plainObject(config))
    throw configError(at, "expected a backend such as { blobsfile: { path: blobs } }");
  const types = Object.keys(config);
  const [type] = types;
  if (type === undefined || types.length > 1) {
    throw configError(
      at,
      `expected exactly one backend, found ${types.length === 0 ? "none" : types.join(", ")}`,
    );
  }
  return { type, value: config[type] };
}

/** What a list instead of options stands for. */
const LIST_KEY = "members";

/** Options over `value`, which may be a list, or empty (`null`, as YAML reads `memory:`). Throws USAGE. */
export function backendOptions(value: unknown, at: string): BackendOptions {
  const given = Array.isArray(value) ? { [LIST_KEY]: value } : (value ?? {});
  if (!plainObject(given)) throw configError(at, "expected options as key: value");
  const taken = new Set<string>();
  const take = (key: string): unknown => {
    taken.add(key);
    return given[key];
  };
  const optionalText = (key: string): string | undefined => {
    const found = take(key) ?? undefined;
    if (found === undefined) return undefined;
    if (typeof found !== "string" || found === "") throw configError(`${at}.${key}`, "expected a text");
    return found;
  };
  return {
    at,
    optionalText,
    text(key, fallback) {
      const found = optionalText(key) ?? fallback;
      if (found === undefined) throw configError(`${at}.${key}`, "missing");
      return found;
    },
    integer(key, { min, max, fallback }) {
      const found = take(key) ?? fallback;
      if (typeof found !== "number" || !Number.isInteger(found) || found < min || found > max) {
        throw configError(`${at}.${key}`, `expected an integer from ${min} to ${max}`);
      }
      return found;
    },
    flag(key, fallback) {
      const found = take(key) ?? fallback;
      if (typeof found !== "boolean") throw configError(`${at}.${key}`, "expected true or false");
      return found;
    },
    child(key) {
      const found = take(key);
      if (found === undefined) throw configError(`${at}.${key}`, "missing");
      return { config: found as BackendConfig, at: `${at}.${key}` };
    },
    children(key) {
      const found = take(key);
      if (!Array.isArray(found) || found.length === 0)
        throw configError(`${at}.${key}`, "expected a list of backends");
      const place = Array.isArray(value) ? at : `${at}.${key}`;
      return found.map((config, index) => ({ config: config as BackendConfig, at: `${place}.${index}` }));
    },
    done() {
      const known = [...taken].sort().join(", ") || "none";
      for (const key of Object.keys(given)) {
        if (!taken.has(key)) throw configError(`${at}.${key}`, `unknown option (known: ${known})`);
      }
    },
  };
}
