/**
 * The users of the configuration and the check of their passwords.
 *
 *     users:
 *       backup:  { password: "$scrypt$ln=15,r=8,p=1$...", right: append }
 *       default: { password: "env:DATADB_PASSWORD", right: admin }
 *
 * Without users everybody who reaches the listener (loopback, the store's own socket) has the right admin.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { RIGHTS, type Right, UsageError } from "@datadb/protocol";
import { parsePasswordHash } from "./password-hash.ts";
import { isReference, resolveValue } from "./secret-value.ts";

export interface UserConfig {
  password: string;
  right: Right;
}

export interface User {
  name: string;
  right: Right;
}

export interface Users {
  /** False: nobody needs to authenticate. */
  readonly required: boolean;
  /** The user when name and password agree, else null. Takes as long for an unknown name as for a wrong password. */
  verify(name: string, password: string): Promise<User | null>;
}

/** Hash computations at a time, and how many may wait: a flood of AUTH must not take the server's memory or threads. */
const MAX_WAITING = 64;
/** Longer passwords are wrong without looking. */
const MAX_PASSWORD_BYTES = 1024;

interface Account extends User {
  check(password: string): Promise<boolean>;
}

/** Reads the users of the configuration. Throws USAGE for a password that is neither a hash nor a reference. */
export function openUsers(config: Readonly<Record<string, UserConfig>> | undefined): Users {
  const processKey = randomBytes(32);
  const digest = (password: string): Buffer => createHmac("sha256", processKey).update(password).digest();
  const accounts = new Map<string, Account>();
  const slow = oneAtATime();
  for (const [name, user] of Object.entries(config ?? {}))
    accounts.set(name, openAccount(name, user, digest, slow));
  const [first] = accounts.values();
  return {
    required: accounts.size > 0,
    verify: async (name, password) => {
      if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES || first === undefined) return null;
      const account = accounts.get(name);
      const right = await (account ?? first).check(password);
      return right && account !== undefined ? { name: account.name, right: account.right } : null;
    },
  };
}

function openAccount(
  name: string,
  user: UserConfig,
  digest: (password: string) => Buffer,
  slow: Slow,
): Account {
  const what = `users.${name}.password`;
  if (!RIGHTS.includes(user.right)) {
    throw new UsageError(`users.${name}.right is ${String(user.right)}`, `write one of ${RIGHTS.join(", ")}`);
  }
  if (typeof user.password !== "string" || user.password === "") {
    throw new UsageError(`${what} is missing`, "write a scrypt hash, or env:NAME or file:/path");
  }
  const given = resolveValue(user.password, what);
  const hash = parsePasswordHash(given, what);
  if (hash === undefined) {
    if (!isReference(user.password)) {
      throw new UsageError(`${what} is written in clear`, "write a scrypt hash, or env:NAME or file:/path");
    }
    const expected = digest(given);
    return {
      name,
      right: user.right,
      check: async (password) => timingSafeEqual(digest(password), expected),
    };
  }
  // A password that was right once is recognised by its keyed digest, so that reconnecting clients cost no hash each.
  let known: Buffer | undefined;
  const check = async (password: string): Promise<boolean> => {
    const digested = digest(password);
    if (known !== undefined && timingSafeEqual(digested, known)) return true;
    const right = await slow(async () => timingSafeEqual(await hash.compute(password), hash.expected));
    if (right) known = digested;
    return right;
  };
  return { name, right: user.right, check };
}

type Slow = (job: () => Promise<boolean>) => Promise<boolean>;

/** Runs jobs one after the other; false at once when too many wait. */
function oneAtATime(): Slow {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (job) => {
    if (waiting >= MAX_WAITING) return false;
    waiting++;
    const result = last.then(job);
    last = result.catch(() => false);
    try {
      return await result;
    } finally {
      waiting--;
    }
  };
}
