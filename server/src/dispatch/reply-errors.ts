/** The errors that commands answer, in Redis' own words wherever Redis has them. */
import { ReplyError } from "@datadb/protocol";

/** How many characters of an unknown command and its arguments are repeated. */
const MAX_ECHO = 128;

export function wrongType(): ReplyError {
  return new ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value");
}

export function syntaxError(): ReplyError {
  return new ReplyError("ERR syntax error");
}

export function notAnInteger(): ReplyError {
  return new ReplyError("ERR value is not an integer or out of range");
}

export function invalidCursor(): ReplyError {
  return new ReplyError("ERR invalid cursor");
}

export function wrongArguments(command: string): ReplyError {
  return new ReplyError(`ERR wrong number of arguments for '${command}' command`);
}

export function unknownCommand(args: readonly Buffer[]): ReplyError {
  let repeated = "";
  for (const arg of args.slice(1)) {
    if (repeated.length >= MAX_ECHO) break;
    repeated += `'${arg.toString("latin1", 0, MAX_ECHO - repeated.length)}' `;
  }
  const name = args[0]?.toString("latin1", 0, MAX_ECHO) ?? "";
  return new ReplyError(`ERR unknown command '${name}', with args beginning with: ${repeated}`);
}

export function unknownSubcommand(container: string, given: Buffer): ReplyError {
  const name = given.toString("latin1", 0, MAX_ECHO);
  return new ReplyError(`ERR unknown subcommand '${name}'. Try ${container.toUpperCase()} HELP.`);
}

export function notAuthenticated(): ReplyError {
  return new ReplyError("NOAUTH Authentication required.");
}

export function wrongPassword(): ReplyError {
  return new ReplyError("WRONGPASS invalid username-password pair or user is disabled.");
}

export function notPermitted(user: string, command: string): ReplyError {
  return new ReplyError(`NOPERM User ${user} has no permissions to run the '${command}' command`);
}

/** For a user with the right append who would change or replace what is there. */
export function notReplaceable(user: string, what: string): ReplyError {
  return new ReplyError(
    `NOPERM User ${user} has the right append, which cannot overwrite: ${what} exists; ask a user with the right admin`,
  );
}

/** Keys of the reserved database are visible in every database and written by backup commands alone. */
export function reservedKey(key: string): ReplyError {
  return new ReplyError(
    `RESERVED the key '${key}' is reserved: only BACKUP, TAG and FORGET write snapshots, pins and hexadecimal names of 40 or 64 digits; choose another key`,
  );
}

export function noChild(kind: string, name: string): ReplyError {
  return new ReplyError(
    `NOCHILD the ${kind} blob ${name} is not there: put it first, then the node that refers to it`,
  );
}

export function noTransaction(): ReplyError {
  return new ReplyError("ERR TXCOMMIT and TXDISCARD without TXINIT");
}
