/** Formats and wire language of datadb: everything that two packages must agree on, pure and without I/O. */
export * from "./byte-reader.ts";
export * from "./byte-writer.ts";
export * from "./chunker-parameters.ts";
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
export * from "./decode-chain.ts";
export * from "./encode-anew.ts";
export * from "./encode-on-chain.ts";
export {
  type DeltaBase,
  decodeBlob,
  decodePayload,
  type EncodeOptions,
  encodeBlob,
  encodedBound,
} from "./encoding.ts";
export * from "./error-catalogue.ts";
export * from "./errors.ts";
export * from "./hash.ts";
export * from "./hex.ts";
export * from "./is-damage.ts";
export * from "./key-file.ts";
export * from "./kinds.ts";
export * from "./limits.ts";
export * from "./log-record.ts";
export * from "./nodes/checkpoint-node.ts";
export * from "./nodes/decode-meta.ts";
export * from "./nodes/directory-node.ts";
export * from "./nodes/encode-meta.ts";
export * from "./nodes/entry-name.ts";
export * from "./nodes/list-node.ts";
export * from "./nodes/meta.ts";
export { NODE_TYPE, NODE_VERSION, type NodeType, nodeType } from "./nodes/node-type.ts";
export * from "./nodes/references.ts";
export * from "./operation.ts";
export * from "./pack-header.ts";
export * from "./pack-scan.ts";
export * from "./pack-table.ts";
export * from "./read-operation.ts";
export * from "./record.ts";
export * from "./resp/address.ts";
export * from "./resp/encode-command.ts";
export * from "./resp/encode-reply.ts";
export * from "./resp/reply.ts";
export * from "./resp/reply-decoder.ts";
export * from "./safe-command-line.ts";
export * from "./timestamp.ts";
export { endsAfterKey, endsAfterName } from "./trees/boundary.ts";
export * from "./trees/checkpoint-builder.ts";
export * from "./trees/directory-builder.ts";
export * from "./trees/list-builder.ts";
export * from "./trees/read-checkpoint.ts";
export * from "./trees/read-directory.ts";
export * from "./trees/read-list.ts";
export type { EmitNode } from "./trees/tree-builder.ts";
export type { FetchNodes } from "./trees/walk-leaves.ts";
