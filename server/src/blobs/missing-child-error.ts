/** A node came before what it refers to. */
import { ReplyError } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";

/** NOCHILD: names the first child that is not there; the client sends it and tries again. */
export class MissingChildError extends ReplyError {
  readonly child: { kind: BlobKind; name: Buffer };

  constructor(kind: BlobKind, name: Buffer) {
    super(`NOCHILD the node refers to ${kind} ${name.toString("hex")}, which is not there`);
    this.child = { kind, name };
  }
}
