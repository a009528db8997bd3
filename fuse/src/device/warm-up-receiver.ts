/** Answers made-up requests that nobody sees: what is done for the first time takes many times as long, and the first reader would wait for it. */
import { encodeMeta } from "@datadb/protocol";
import { buildTable } from "../inodes/directory-table.ts";
import { createInodeTable } from "../inodes/inode-table.ts";
import { nodeOf } from "../inodes/node-id.ts";
import { OPCODE, REQUEST_HEADER } from "../kernel/constants.ts";
import { readRequest } from "../kernel/request.ts";
import { answerRequest, type Receiver } from "./answer-request.ts";
import { createAskers } from "./askers.ts";

const TIMES = 20;
const ID = 1;
const DIRECTORY = 2;
const NAMES = ["a", "b", "c"];

function request(opcode: number, node: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(REQUEST_HEADER + body.length);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt32LE(opcode, 4);
  bytes.writeUInt32LE(node, 16);
  body.copy(bytes, REQUEST_HEADER);
  return bytes;
}

/** What a program asks that reads one file. */
function requests(): Buffer[] {
  const file = nodeOf(ID, 1);
  const [name, none, read] = [Buffer.from("b\0"), Buffer.alloc(0), Buffer.alloc(40)];
  read.writeUInt32LE(4096, 16);
  return [
    request(OPCODE.lookup, DIRECTORY, name),
    request(OPCODE.getattr, file, Buffer.alloc(16)),
    request(OPCODE.open, file, Buffer.alloc(8)),
    request(OPCODE.read, file, read),
    request(OPCODE.release, file, Buffer.alloc(24)),
    request(OPCODE.opendir, DIRECTORY, Buffer.alloc(8)),
    request(OPCODE.readdirplus, DIRECTORY, read),
    request(OPCODE.releasedir, DIRECTORY, none),
  ];
}

/** Takes some milliseconds. */
export function warmUpReceiver(): void {
  const receiver: Receiver = {
    inodes: createInodeTable(1 << 20),
    post: () => undefined,
    buffer: Buffer.alloc(8192),
    nextHandle: 1,
    askers: createAskers(),
    totals: new Float64Array(2),
  };
  const file = {
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0n,
    size: 1,
    chunk: Buffer.alloc(32),
  } as const;
  const metas = NAMES.map((name) => encodeMeta({ ...file, name: Buffer.from(name) }));
  const inode = { low: 1, high: 0 };
  receiver.inodes.install(ID, DIRECTORY, buildTable(metas, inode, inode));
  const all = requests();
  for (let time = 0; time < TIMES; time++)
    for (const bytes of all) answerRequest(receiver, readRequest(bytes), bytes);
}
