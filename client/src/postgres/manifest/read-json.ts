/** Checks that JSON has the shape that it must have: the first difference is named by its path. */
import { DamagedError, DecodeError } from "@datadb/protocol";

/** Reads a value at a path, or throws DECODE. */
export type Reader<T> = (value: unknown, path: string) => T;

function wrong(path: string, expected: string): DecodeError {
  return new DecodeError(`${path || "the whole"} is not ${expected}`);
}

export const text: Reader<string> = (value, path) => {
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw wrong(path, "a text");
};

export const flag: Reader<boolean> = (value, path) => {
  if (typeof value === "boolean") return value;
  throw wrong(path, "true or false");
};

/** A whole number from 0 on. */
export const count: Reader<number> = (value, path) => {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw wrong(path, "a whole number");
};

export function oneOf<T extends string | number>(...values: T[]): Reader<T> {
  return (value, path) => {
    if (values.includes(value as T)) return value as T;
    throw wrong(path, values.map((one) => JSON.stringify(one)).join(" or "));
  };
}

export function matching(pattern: RegExp, what: string): Reader<string> {
  return (value, path) => {
    const found = text(value, path);
    if (pattern.test(found)) return found;
    throw wrong(path, what);
  };
}

export function listOf<T>(item: Reader<T>): Reader<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrong(path, "a list");
    return value.map((one, i) => item(one, `${path}[${i}]`));
  };
}

export function nullOr<T>(reader: Reader<T>): Reader<T | null> {
  return (value, path) => (value === null ? null : reader(value, path));
}

export function mapOf<T>(item: Reader<T>): Reader<Record<string, T>> {
  return (value, path) =>
    Object.fromEntries(
      Object.entries(asObject(value, path)).map(([key, one]) => [key, item(one, `${path}.${key}`)]),
    );
}

type Shape<T> = { [Key in keyof T]-?: Reader<T[Key]> };

/** Every field of `shape` must be there, those of `optional` may be; others (of a newer writer) are left out. */
export function record<T extends object>(
  shape: Shape<Omit<T, OptionalKeys<T>>>,
  optional: Shape<Required<Pick<T, OptionalKeys<T>>>>,
): Reader<T> {
  return (value, path) => {
    const fields = asObject(value, path);
    const result: Record<string, unknown> = {};
    const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
    for (const [key, reader] of Object.entries<Reader<unknown>>(shape))
      result[key] = reader(fields[key], at(key));
    for (const [key, reader] of Object.entries<Reader<unknown>>(optional))
      if (fields[key] !== undefined) result[key] = reader(fields[key], at(key));
    return result as T;
  };
}

type OptionalKeys<T> = { [Key in keyof T]-?: object extends Pick<T, Key> ? Key : never }[keyof T];

function asObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw wrong(path, "an object");
}

/** Parses and checks; throws DAMAGED naming `file`. */
export function readJson<T>(bytes: Uint8Array, file: string, reader: Reader<T>): T {
  try {
    return reader(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)), "");
  } catch (cause) {
    throw new DamagedError(`${file} of the backup cannot be read: ${(cause as Error).message}`, {
      fields: { file },
      cause,
    });
  }
}
