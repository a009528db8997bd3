/** Replies in the order of their commands, whatever order they come in. */
import type { Reply } from "@datadb/protocol";

interface Slot {
  reply: Reply | undefined;
  /** Bytes that count as in flight until the reply is taken. */
  cost: number;
}

export class ReplyQueue {
  #slots: Slot[] = [];
  #first = 0;
  /** Costs of all commands in the queue. */
  bytes = 0;

  /** Commands whose replies were not taken yet. */
  get length(): number {
    return this.#slots.length - this.#first;
  }

  /** A place for the next command's reply; `undefined` until `fill`. */
  add(reply: Reply | undefined, cost: number): Slot {
    const slot = { reply, cost };
    this.#slots.push(slot);
    this.bytes += cost;
    return slot;
  }

  fill(slot: Slot, reply: Reply): void {
    const cost = Buffer.isBuffer(reply) ? reply.length : Math.min(slot.cost, 1024);
    this.bytes += cost - slot.cost;
    slot.cost = cost;
    slot.reply = reply;
  }

  /** Takes all replies that are there without a gap. */
  take(): Reply[] {
    const replies: Reply[] = [];
    for (;;) {
      const slot = this.#slots[this.#first];
      if (slot?.reply === undefined) break;
      replies.push(slot.reply);
      this.bytes -= slot.cost;
      this.#first++;
    }
    if (this.#first === this.#slots.length) {
      this.#slots = [];
      this.#first = 0;
    } else if (this.#first > 1024) {
      this.#slots = this.#slots.slice(this.#first);
      this.#first = 0;
    }
    return replies;
  }
}
