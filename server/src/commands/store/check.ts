/** CHECK [READ-DATA percent] [REPAIR] [STEPS], CHECK NEXT */
import { MapReply, type Reply, ReplyError } from "@datadb/protocol";
import type { CheckEvent, CheckOptions, CheckSummary } from "../../database.ts";
import type { CommandHandler } from "../../dispatch/command.ts";
import type { Session } from "../../session/session.ts";
import { untilClosed } from "../../session/until-closed.ts";

/** A store that is damaged everywhere is not listed piece by piece. */
const MAX_FINDINGS = 1000;
/** What CHECK NEXT waits for, at most, before it tells how far the check is. */
const STEP_MS = 500;

/** A check under way. */
interface Run {
  readonly events: AsyncGenerator<CheckEvent, CheckSummary>;
  readonly problems: string[];
  readonly notes: string[];
  progress: Extract<CheckEvent, { type: "progress" }> | null;
}

const runs = new WeakMap<Session, Run>();

export const check: CommandHandler = async (session, args) => {
  const words = args.slice(1).map((arg) => arg.toString("latin1", 0, 20).toUpperCase());
  if (words[0] === "NEXT" && words.length === 1) return next(session);
  const { steps, ...options } = parse(words);
  const events = session.server.database.check({ ...options, signal: untilClosed(session) });
  const run: Run = { events, problems: [], notes: [], progress: null };
  if (steps) {
    if (runs.has(session))
      throw new ReplyError("ERR a check is under way in this session; CHECK NEXT goes on");
    runs.set(session, run);
    return next(session);
  }
  return (await advance(run, Number.POSITIVE_INFINITY)) as Reply;
};

/** Goes on for a while: counts at the end, before it how far it is. */
async function next(session: Session): Promise<Reply> {
  const run = runs.get(session);
  if (run === undefined) throw new ReplyError("ERR no check is under way; CHECK STEPS begins one");
  try {
    const end = await advance(run, performance.now() + STEP_MS);
    if (end === null) return stepOf(run);
    runs.delete(session);
    return end;
  } catch (error) {
    runs.delete(session);
    throw error;
  }
}

async function advance(run: Run, until: number): Promise<Reply | null> {
  for (;;) {
    const step = await run.events.next();
    if (step.done === true) return endOf(run, step.value);
    take(run, step.value);
    if (performance.now() >= until) return null;
  }
}

function take(run: Run, event: CheckEvent): void {
  if (event.type === "progress") run.progress = event;
  else if (event.type === "note") {
    if (run.notes.length < MAX_FINDINGS) run.notes.push(event.message);
  } else if (run.problems.length < MAX_FINDINGS) {
    const { type: _type, ...finding } = event;
    run.problems.push(JSON.stringify(finding));
  }
}

function stepOf({ progress }: Run): Reply {
  const { phase = "log", done = 0, total = 0 } = progress ?? {};
  return new MapReply([
    ["phase", phase],
    ["done", done],
    ["total", total],
  ]);
}

function endOf({ problems, notes }: Run, summary: CheckSummary): Reply {
  const { findings, mended, backups, nodes, data, read, readBytes, uncompared } = summary;
  return new MapReply([
    ["findings", findings],
    ["mended", mended],
    ["backups", backups],
    ["nodes", nodes],
    ["data", data],
    ["read", read],
    ["read-bytes", readBytes],
    ["uncompared", uncompared],
    ["problems", problems],
    ["notes", notes],
  ]);
}

function parse(words: readonly string[]): Pick<CheckOptions, "readData" | "repair"> & { steps: boolean } {
  let [readData, repair, steps] = [0, false, false];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (word === "REPAIR") repair = true;
    else if (word === "STEPS") steps = true;
    else if (word === "READ-DATA") readData = parsePercent(words[++at] ?? "");
    else throw new ReplyError("ERR syntax error: CHECK [READ-DATA percent] [REPAIR] [STEPS], or CHECK NEXT");
  }
  return { readData, repair, steps };
}

function parsePercent(text: string): number {
  const percent = /^\d{1,3}(\.\d{1,4})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(percent >= 0 && percent <= 100)) throw new ReplyError("ERR READ-DATA is a percentage from 0 to 100");
  return percent;
}
