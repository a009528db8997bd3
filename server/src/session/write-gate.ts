/**
 * Lets a user with the right append prove that a key is free and write it, without another write in between. Ordinary writes pass
 * together; a proving one passes alone. Used only where the configuration has users: without, nobody has to prove anything.
 */
export class WriteGate {
  #inside = 0;
  #alone = false;
  readonly #waiting: { alone: boolean; enter: () => void }[] = [];

  /** Resolves when the writer is inside; it must `leave`. */
  enter(alone: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ alone, enter: resolve });
      this.#admit();
    });
  }

  leave(): void {
    this.#inside--;
    if (this.#inside === 0) this.#alone = false;
    this.#admit();
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#alone || (next.alone && this.#inside > 0)) return;
      this.#waiting.shift();
      this.#inside++;
      this.#alone = next.alone;
      next.enter();
    }
  }
}
