/** Reads what opens a sealed place from where the configuration says: `file:/path` or `env:NAME`, never the secret itself. */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { DatadbError, decodeKeyFile, UsageError } from "@datadb/protocol";
import type { Secret } from "./key-slots.ts";

const OTHERS_MODE = 0o077;
const MIN_PASSPHRASE_BYTES = 8;

/** What a reference is for: it says how its content is read. */
export type SecretType = "key" | "passphrase";

function advice(type: SecretType): string {
  return type === "key"
    ? "make a key with datadb key generate /path/to/key, and name it: key: file:/path/to/key"
    : "name a file or variable: passphrase: file:/path, or passphrase: env:NAME";
}

async function readPrivate(type: SecretType, what: string, path: string): Promise<string> {
  let mode: number;
  let text: string;
  try {
    mode = (await stat(path)).mode;
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new UsageError(`${what} refers to ${path}, which cannot be read: ${(cause as Error).message}`, {
      next: advice(type),
      fields: { path },
      cause,
    });
  }
  if ((mode & OTHERS_MODE) === 0) return text;
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  throw new UsageError(`${path} can be read by others (mode ${shown}): it opens what is meant to be closed`, {
    next: `run chmod 600 ${path}; if others may have read it, make a new key and add it with datadb key add`,
    fields: { path },
  });
}

function readVariable(type: SecretType, what: string, name: string): string {
  const found = process.env[name];
  if (found !== undefined && found !== "") return found;
  throw new UsageError(`${what} refers to the environment variable ${name}, which is not set`, advice(type));
}

/** `text` as a secret. `what` names where it comes from in errors (USAGE), which never quote it. */
export function parseSecret(type: SecretType, what: string, text: string): Secret {
  if (type === "passphrase") {
    const passphrase = Buffer.from(text.replace(/\r?\n$/, ""));
    if (passphrase.length >= MIN_PASSPHRASE_BYTES) return { passphrase };
    throw new UsageError(
      `${what} has fewer than ${MIN_PASSPHRASE_BYTES} bytes`,
      "choose a longer passphrase",
    );
  }
  try {
    return { key: decodeKeyFile(text) };
  } catch (cause) {
    if (!(cause instanceof DatadbError) || cause.code !== "DECODE") throw cause;
    throw new UsageError(`${what}: ${cause.message}`, { next: advice(type), cause });
  }
}

/** The secret behind `reference`. Files are relative to `directory`, and refused when others may read them. Throws USAGE. */
export async function readSecret(
  type: SecretType,
  what: string,
  reference: string,
  directory: string,
): Promise<Secret> {
  const [, where, rest] = /^(file|env):(.+)$/s.exec(reference) ?? [];
  if (where === undefined || rest === undefined)
    throw new UsageError(`${what} must say where the ${type} is, not what it is`, advice(type));
  const text =
    where === "env"
      ? readVariable(type, what, rest)
      : await readPrivate(type, what, resolve(directory, rest));
  return parseSecret(type, `${what} (${where}:${rest})`, text);
}
