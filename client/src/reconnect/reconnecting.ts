/** A Connection that outlives the process or network it goes through. */
import type { PlainReply } from "@datadb/protocol";
import type { Argument, Connection } from "../connection.ts";
import { liveConnection } from "./live-connection.ts";
import type { ReconnectOptions } from "./reconnect-options.ts";
import { mayRepeat } from "./retry-policy.ts";
import { sessionState } from "./session-state.ts";
import { windowGate } from "./window-gate.ts";

const WINDOW_BYTES = 64 << 20;

/**
 * Opens a connection when the first command needs one, and a new one whenever it is lost: reads are repeated,
 * blobs that may not be durable are sent again, the lease is taken up again, an open transaction is replayed under
 * its id. A command that must not run twice and whose fate is unknown fails with CONNECTION_LOST.
 *
 * The array that BACKUP answered is brought up to date in place when its transaction had to be replayed: read id
 * and time from it after TXCOMMIT.
 *
 * @param open makes a connection; it may reach another process, or open the store in this one.
 * @example
 * const connection = reconnecting(() => connect("redis://db.internal"), { giveUpAfterMs: 10_000 });
 */
export function reconnecting(open: () => Promise<Connection>, options: ReconnectOptions = {}): Connection {
  const state = sessionState();
  const { window } = state;
  const live = liveConnection(open, state, options);

  async function send(args: readonly Argument[], inTransaction: boolean): Promise<PlainReply> {
    const name = String(args[0]).toLowerCase();
    const mark = window.mark();
    const ticket = name === "bput" ? window.add(args) : -1;
    const reply = await live.send(args, inTransaction || mayRepeat(name)).catch((error) => {
      window.refused(ticket);
      throw error;
    });
    window.accepted(ticket);
    if (name === "done") window.drop(mark);
    const told = state.answered(args, reply);
    if (name === "txcommit") await state.settle(async (...more) => await send(more, false));
    return told;
  }

  const gate = windowGate(
    window,
    options.windowBytes ?? WINDOW_BYTES,
    async () => await send(["DONE"], false),
  );
  return {
    ...(options.initial?.local === undefined ? {} : { local: options.initial.local }),
    async call(...args) {
      const puts = String(args[0]).toLowerCase() === "bput";
      for (let wait = gate.closedFor(puts); wait !== null; wait = gate.closedFor(puts)) await wait;
      const prepared = state.prepare(args);
      return await send(prepared.args, prepared.inTransaction);
    },
    facts: live.facts,
    close: live.close,
  };
}
