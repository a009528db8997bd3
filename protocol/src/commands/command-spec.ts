/** The shape of one command in the catalogue: everything dispatch, COMMAND, the documentation and clients derive from. */
import type { ArgumentSpec } from "./argument-spec.ts";

/** What a user may do. Each right includes the ones before it. */
export type Right = "read" | "append" | "admin";

/** The rights in rising order: a command is allowed when the user's right is at the command's place or later. */
export const RIGHTS: readonly Right[] = ["read", "append", "admin"];

export type CommandGroup =
  | "connection"
  | "keys"
  | "string"
  | "hash"
  | "set"
  | "list"
  | "blob"
  | "transaction"
  | "store"
  | "records";

/**
 * Flags, in Redis' words. `readonly` and `write` say whether keys or blobs change; `no_auth` commands work before
 * authentication; `fast` ones never wait for storage; `admin` ones steer the server; `blocking` ones may take long.
 */
export type CommandFlag = "readonly" | "write" | "admin" | "fast" | "no_auth" | "blocking";

/** Where the keys are among the arguments, the command's name being 0; last -1 is the last argument. All 0: none. */
export interface KeyPositions {
  first: number;
  last: number;
  step: number;
}

export interface CommandSpec {
  /** Lower case; a subcommand's is the bare word ("setname"). */
  name: string;
  /** One line, ends with a full stop. */
  summary: string;
  /** Number of arguments with the name: exact when positive, the minimum when negative. */
  arity: number;
  flags: readonly CommandFlag[];
  keys: KeyPositions;
  right: Right;
  /** What the command answers, in words. */
  reply: string;
  arguments: readonly ArgumentSpec[];
  /** The release that introduced it. */
  since: string;
  group: CommandGroup;
  subcommands?: readonly CommandSpec[];
}

/** What a group file writes down; the rest has defaults. */
export interface CommandEntry {
  name: string;
  summary: string;
  arity: number;
  flags: readonly CommandFlag[];
  keys?: KeyPositions;
  right: Right;
  reply: string;
  arguments?: readonly ArgumentSpec[];
  since?: string;
  subcommands?: readonly CommandEntry[];
}

const NO_KEYS: KeyPositions = { first: 0, last: 0, step: 0 };
export const FIRST_KEY: KeyPositions = { first: 1, last: 1, step: 1 };
export const ALL_KEYS: KeyPositions = { first: 1, last: -1, step: 1 };

/** Completes the entries of one group with their defaults. */
export function commandGroup(group: CommandGroup, entries: readonly CommandEntry[]): readonly CommandSpec[] {
  return entries.map((entry) => {
    const { subcommands, ...rest } = entry;
    const spec: CommandSpec = { keys: NO_KEYS, arguments: [], since: "0.1.0", group, ...rest };
    return subcommands === undefined ? spec : { ...spec, subcommands: commandGroup(group, subcommands) };
  });
}
