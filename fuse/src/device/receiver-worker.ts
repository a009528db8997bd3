/** The thread that receives the kernel's requests: it does nothing that could wait for anything else. */
import { readSync } from "node:fs";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { openTable } from "../inodes/directory-table.ts";
import { createInodeTable } from "../inodes/inode-table.ts";
import { ERRNO, OPCODE } from "../kernel/constants.ts";
import { answerInit, REQUEST_BUFFER } from "../kernel/init.ts";
import { errorReply, type Request } from "../kernel/reply.ts";
import { readRequest } from "../kernel/request.ts";
import { answerRequest, type Receiver } from "./answer-request.ts";
import { createAskers } from "./askers.ts";
import {
  type ReceiverContext,
  type ReceiverMessage,
  type ServerMessage,
  STOP_AT,
  TOTALS_AT,
} from "./messages.ts";
import { sendReply } from "./send-reply.ts";
import { warmUpReceiver } from "./warm-up-receiver.ts";

const { fd, shared, limitBytes } = workerData as ReceiverContext;
const port = parentPort!;
const post = (message: ReceiverMessage): void => port.postMessage(message);
const receiver: Receiver = {
  inodes: createInodeTable(limitBytes),
  post,
  buffer: Buffer.alloc(1 << 20),
  nextHandle: 1,
  askers: createAskers(),
  totals: new Float64Array(shared, TOTALS_AT),
};
const stopped = new Int32Array(shared);

function takeMessages(): void {
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: ServerMessage } | undefined;
    if (received === undefined) return;
    const { message } = received;
    if (message.kind === "count") receiver.inodes.count(message.id, message.counted, message.times);
    else if (message.kind === "drop") receiver.inodes.drop(message.node);
    else {
      const gone = receiver.inodes.install(message.id, message.node, openTable(message.memory));
      post({ kind: "installed", id: message.id, gone });
    }
  }
}

/** Null at the end of the file system. */
function nextRequest(bytes: Buffer): Request | null {
  for (;;) {
    try {
      readSync(fd, bytes);
      return readRequest(bytes);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // A request that was interrupted before it was read, or a signal: the next one is waited for.
      if (code === "ENOENT" || code === "EINTR" || code === "EAGAIN") continue;
      post({ kind: "end", error: code === "ENODEV" || code === "ECONNABORTED" ? null : message });
      return null;
    }
  }
}

function answer(request: Request, bytes: Buffer): Buffer | null {
  if (request.opcode !== OPCODE.init) return answerRequest(receiver, request, bytes);
  const init = answerInit(bytes, request);
  if (init === null) return errorReply(request, ERRNO.EOPNOTSUPP);
  post({ kind: "ready", version: init.version });
  return init.reply;
}

function serve(): void {
  const bytes = Buffer.alloc(REQUEST_BUFFER);
  for (let request = nextRequest(bytes); request !== null; request = nextRequest(bytes)) {
    let reply: Buffer | null;
    try {
      takeMessages();
      reply = answer(request, bytes);
    } catch (error) {
      post({ kind: "problem", text: `request ${request.opcode} failed: ${(error as Error).stack}` });
      const silent: readonly number[] = [OPCODE.forget, OPCODE.batchForget, OPCODE.interrupt];
      reply = silent.includes(request.opcode) ? null : errorReply(request, ERRNO.EIO);
    }
    if (reply !== null) sendReply(fd, reply);
    if (Atomics.load(stopped, STOP_AT) !== 0) {
      post({ kind: "end", error: null });
      return;
    }
  }
}

warmUpReceiver();
serve();
port.close();
