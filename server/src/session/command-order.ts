/** The order of one session's commands: pipelined writes run together, and nobody can tell. */
import type { Reply } from "@datadb/protocol";

/**
 * How a command takes its turn. A `read` begins when the writes before it are done, and is not waited for. A `write` begins
 * at once, so that writes that follow each other share a group commit. A `barrier` is a write that needs the effect of
 * those before it. An `exclusive` command changes what every later one may do: all wait for it.
 */
export type Turn = "read" | "write" | "barrier" | "exclusive";

/** Begins a command; answers now or later. Never throws, never rejects. */
export type Begin = () => Reply | Promise<Reply>;

interface Waiting {
  begin: Begin;
  turn: Turn;
  resolve(reply: Reply | Promise<Reply>): void;
}

/** Whatever comes after a waiting command waits behind it, so that commands begin in the order they came. */
export class CommandOrder {
  /** Writes under way. */
  #writes = 0;
  #exclusive = false;
  readonly #waiting: Waiting[] = [];
  readonly #settled = (): void => {
    this.#writes--;
    if (this.#writes > 0) return;
    this.#exclusive = false;
    this.#drain();
  };

  /** Whether a command may begin at once, without going through `later`. */
  free(turn: Turn): boolean {
    return this.#waiting.length === 0 && this.#admits(turn);
  }

  /** Notes the reply of a command that has begun. */
  begun(turn: Turn, reply: Promise<Reply>): void {
    if (turn === "read") return;
    this.#writes++;
    if (turn === "exclusive") this.#exclusive = true;
    reply.then(this.#settled, this.#settled);
  }

  /** Begins the command when its turn has come. */
  later(turn: Turn, begin: Begin): Promise<Reply> {
    return new Promise((resolve) => {
      this.#waiting.push({ begin, turn, resolve });
    });
  }

  #admits(turn: Turn): boolean {
    return this.#writes === 0 || (turn === "write" && !this.#exclusive);
  }

  #drain(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || !this.#admits(next.turn)) return;
      this.#waiting.shift();
      const reply = next.begin();
      if (reply instanceof Promise) this.begun(next.turn, reply);
      next.resolve(reply);
    }
  }
}
