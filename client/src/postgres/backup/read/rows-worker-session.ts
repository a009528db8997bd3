/** A session of an ingest worker with the database: opened for the first rows, kept for all. */
import { openSession } from "../../connect/open-session.ts";
import type { Session } from "../../connect/session.ts";
import { rowSocket } from "./row-socket.ts";
import type { RowsSession } from "./rows-unit.ts";

export class WorkerSession {
  private readonly input: Buffer;
  private opened: Promise<Session> | undefined;

  /** `input`: what comes from the server is read to this place. */
  constructor(input: Buffer) {
    this.input = input;
  }

  open({ target, applicationName }: RowsSession): Promise<Session> {
    this.opened ??= openSession(target, applicationName, () => rowSocket(this.input, true));
    return this.opened;
  }

  /** Ends what a failed part has left. A session that cannot be used any more is opened anew next time. */
  async reset(): Promise<void> {
    try {
      await (await this.opened)?.query("ROLLBACK");
    } catch {
      this.opened = undefined;
    }
  }

  /** Gives locks and snapshot back. */
  async end(): Promise<void> {
    const session = this.opened;
    this.opened = undefined;
    await (await session?.catch(() => undefined))?.end();
  }
}
