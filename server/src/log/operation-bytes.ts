/** About how many bytes an operation takes in the log: what limits are measured with. */
import type { Operation } from "@datadb/protocol";

/** Opcode, counts and lengths. */
const FRAME_BYTES = 8;

function sumOf(buffers: readonly Buffer[]): number {
  let bytes = 0;
  for (const buffer of buffers) bytes += buffer.length + 2;
  return bytes;
}

export function operationBytes(operation: Operation): number {
  switch (operation.op) {
    case "set":
      return FRAME_BYTES + operation.database.length + operation.key.length + operation.value.length;
    case "del":
      return FRAME_BYTES + operation.database.length + operation.key.length;
    case "hset":
      return FRAME_BYTES + operation.key.length + sumOf(operation.entries.flat());
    case "hdel":
      return FRAME_BYTES + operation.key.length + sumOf(operation.fields);
    case "sadd":
    case "srem":
      return FRAME_BYTES + operation.key.length + sumOf(operation.members);
    case "ladd":
      return (
        FRAME_BYTES +
        operation.key.length +
        sumOf(operation.entries.map(([, value]) => value)) +
        operation.entries.length * 9
      );
    case "ldel":
      return FRAME_BYTES + operation.key.length + operation.indexes.length * 9;
    case "backup":
      return (
        FRAME_BYTES + operation.host.length + operation.path.length + 64 + sumOf(operation.fields.flat())
      );
    case "tag":
      return FRAME_BYTES + operation.backup.length + operation.tags.length;
    case "mark":
      return FRAME_BYTES + operation.backup.length + operation.lost.length;
    default:
      return FRAME_BYTES + 32;
  }
}
