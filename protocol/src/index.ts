/** Formats and wire language of datadb: everything that two packages must agree on, pure and without I/O. */
export * from "./byte-reader.ts";
export * from "./byte-writer.ts";
export { type ArgumentSpec, type ArgumentType, argumentSyntax } from "./commands/argument-spec.ts";
export { arityAllows, COMMANDS, commandSyntax } from "./commands/catalogue.ts";
export {
  type CommandFlag,
  type CommandGroup,
  type CommandSpec,
  type KeyPositions,
  RIGHTS,
  type Right,
} from "./commands/command-spec.ts";
export * from "./datadb-error.ts";
export * from "./encoding.ts";
export * from "./error-catalogue.ts";
export * from "./errors.ts";
export * from "./hash.ts";
export * from "./hex.ts";
export * from "./kinds.ts";
export * from "./limits.ts";
export * from "./log-record.ts";
export * from "./operation.ts";
export * from "./pack-header.ts";
export * from "./read-operation.ts";
export * from "./record.ts";
export * from "./resp/encode-command.ts";
export * from "./resp/encode-reply.ts";
export * from "./resp/reply.ts";
export * from "./timestamp.ts";
