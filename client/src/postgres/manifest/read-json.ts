/** Checks that JSON has the shape that it must have: the first difference is named by its path. */
import { DamagedError, FormatTooNewError } from "@datadb/protocol";

/** Reads a value, or throws WrongShape. */
export type Reader<T> = (value: unknown) => T;

/** Where it is, is found out on its way up: most values are right, and a thousand tables have 20,000. */
class WrongShape extends Error {
  private readonly expected: string;
  private path = "";

  constructor(expected: string) {
    super();
    this.expected = expected;
  }

  /** It is inside of this field or item. */
  inside(place: string): this {
    this.path = place + (this.path === "" || this.path.startsWith("[") ? "" : ".") + this.path;
    return this;
  }

  override get message(): string {
    return `${this.path || "the whole"} is not ${this.expected}`;
  }
}

/** Throws what was thrown, which knows now where it was. */
function toldFrom(place: string, error: unknown): never {
  throw error instanceof WrongShape ? error.inside(place) : error;
}

export const text: Reader<string> = (value) => {
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw new WrongShape("a text");
};

export const flag: Reader<boolean> = (value) => {
  if (typeof value === "boolean") return value;
  throw new WrongShape("true or false");
};

/** A whole number from 0 on. */
export const count: Reader<number> = (value) => {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new WrongShape("a whole number");
};

export function oneOf<T extends string | number>(...values: T[]): Reader<T> {
  return (value) => {
    if (values.includes(value as T)) return value as T;
    throw new WrongShape(values.map((one) => JSON.stringify(one)).join(" or "));
  };
}

export function matching(pattern: RegExp, what: string): Reader<string> {
  return (value) => {
    const found = text(value);
    if (pattern.test(found)) return found;
    throw new WrongShape(what);
  };
}

export function listOf<T>(item: Reader<T>): Reader<T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new WrongShape("a list");
    const result: T[] = [];
    try {
      for (const one of value) result.push(item(one));
      return result;
    } catch (error) {
      return toldFrom(`[${result.length}]`, error);
    }
  };
}

export function nullOr<T>(reader: Reader<T>): Reader<T | null> {
  return (value) => (value === null ? null : reader(value));
}

export function mapOf<T>(item: Reader<T>): Reader<Record<string, T>> {
  return (value) => {
    let key = "";
    try {
      const result: [string, T][] = [];
      for (const [name, one] of Object.entries(asObject(value))) {
        key = name;
        result.push([key, item(one)]);
      }
      return Object.fromEntries(result);
    } catch (error) {
      return toldFrom(key, error);
    }
  };
}

type Shape<T> = { [Key in keyof T]-?: Reader<T[Key]> };

/** Every field of `shape` must be there, those of `optional` may be; others (of a newer writer) are left out. */
export function record<T extends object>(
  shape: Shape<Omit<T, OptionalKeys<T>>>,
  optional: Shape<Required<Pick<T, OptionalKeys<T>>>>,
): Reader<T> {
  const needed = Object.entries<Reader<unknown>>(shape);
  const others = Object.entries<Reader<unknown>>(optional);
  return (value) => {
    const fields = asObject(value);
    const result: Record<string, unknown> = {};
    let key = "";
    try {
      for (const field of needed) {
        key = field[0];
        result[key] = field[1](fields[key]);
      }
      for (const field of others) {
        key = field[0];
        if (fields[key] !== undefined) result[key] = field[1](fields[key]);
      }
    } catch (error) {
      return toldFrom(key, error);
    }
    return result as T;
  };
}

/** A field of a value that has been read must be this one. */
export function mustBe(value: string, expected: string, place: string): void {
  if (value !== expected) throw new WrongShape(JSON.stringify(expected)).inside(place);
}

type OptionalKeys<T> = { [Key in keyof T]-?: object extends Pick<T, Key> ? Key : never }[keyof T];

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new WrongShape("an object");
}

/** Parses and checks; throws DAMAGED naming `file`, and FORMAT_TOO_NEW where `reader` does. */
export function readJson<T>(bytes: Uint8Array, file: string, reader: Reader<T>): T {
  try {
    return reader(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    if (cause instanceof FormatTooNewError) throw cause;
    throw new DamagedError(`${file} of the backup cannot be read: ${(cause as Error).message}`, {
      fields: { file },
      cause,
    });
  }
}
