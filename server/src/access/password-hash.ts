/**
 * Passwords as the configuration keeps them: `$scrypt$ln=15,r=8,p=1$<salt>$<hash>` (PHC string format, base64 without
 * padding) or `$argon2id$v=19$m=65536,t=3,p=1$<salt>$<hash>`.
 */
import * as crypto from "node:crypto";
import { promisify } from "node:util";
import { UsageError } from "@datadb/protocol";

const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** 2^15 blocks of 1 KiB: 32 MiB and about 120 ms, OWASP's middle choice for logins. */
const LOG2_COST = 15;
const BLOCK = 8;
/** More would let a configuration line exhaust the server. */
const MAX_LOG2_COST = 20;

const scrypt = promisify<crypto.BinaryLike, crypto.BinaryLike, number, crypto.ScryptOptions, Buffer>(
  crypto.scrypt,
);

/** What is needed to compute the hash of a password again and to compare. */
export interface PasswordHash {
  expected: Buffer;
  compute(password: string): Promise<Buffer>;
}

/** The line to put into the configuration for a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.randomBytes(SALT_BYTES);
  const hash = await scrypt(password, salt, HASH_BYTES, scryptOptions(LOG2_COST, BLOCK, 1));
  return `$scrypt$ln=${LOG2_COST},r=${BLOCK},p=1$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Parses a configured hash; undefined when it is none. Throws USAGE for a kind or cost that this server cannot do. */
export function parsePasswordHash(text: string, what: string): PasswordHash | undefined {
  const parts = text.split("$");
  if (parts[0] !== "" || parts.length < 5) return undefined;
  const [saltText, hashText] = parts.slice(-2) as [string, string];
  const salt = Buffer.from(saltText, "base64");
  const expected = Buffer.from(hashText, "base64");
  const numbers = new Map(
    parts
      .slice(2, -2)
      .flatMap((part) => part.split(","))
      .map((pair) => pair.split("=") as [string, string]),
  );
  const number = (name: string) => Number(numbers.get(name));
  if (salt.length === 0 || expected.length < 16) return undefined;
  if (parts[1] === "scrypt") {
    const [ln, r, p] = [number("ln"), number("r"), number("p")];
    if (!(ln >= 1 && ln <= MAX_LOG2_COST && r >= 1 && r <= 32 && p >= 1 && p <= 16))
      return refuse(what, "its scrypt parameters are out of range");
    return {
      expected,
      compute: (password) => scrypt(password, salt, expected.length, scryptOptions(ln, r, p)),
    };
  }
  if (parts[1] !== "argon2id") return refuse(what, `its kind ${parts[1]} is not known`);
  if (crypto.argon2 === undefined) return refuse(what, "this Node has no argon2");
  const parameters = {
    memory: number("m"),
    passes: number("t"),
    parallelism: number("p"),
    nonce: salt,
    tagLength: expected.length,
  };
  if (
    !(
      parameters.memory >= 8 &&
      parameters.memory <= 1 << 20 &&
      parameters.passes >= 1 &&
      parameters.passes <= 64 &&
      parameters.parallelism >= 1
    )
  ) {
    return refuse(what, "its argon2id parameters are out of range");
  }
  return { expected, compute: (message) => argon2id({ ...parameters, message }) };
}

function argon2id(parameters: Parameters<typeof crypto.argon2>[1]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    crypto.argon2("argon2id", parameters, (error, tag) => (error === null ? resolve(tag) : reject(error)));
  });
}

function refuse(what: string, why: string): never {
  throw new UsageError(`${what} cannot be used: ${why}`, "write a scrypt hash, or env:NAME or file:/path");
}

function scryptOptions(log2Cost: number, r: number, p: number): crypto.ScryptOptions {
  const N = 2 ** log2Cost;
  return { N, r, p, maxmem: 256 * N * r };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
