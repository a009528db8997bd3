/** What goes on behind a mirror: members that are away are tried again, compared, given what they missed, and let in again. */
import { counterOf } from "../counter-of.ts";
import { compareUps, compareWith } from "./compare.ts";
import { deliver } from "./deliver.ts";
import { type Member, type Mirror, nameOf, requireUp, type UpMember } from "./mirror.ts";

/** Between two attempts with a member that is down; it doubles with each. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** Between two looks whether the members that are up were compared. */
const LOOK_MS = 20;
/** With so few entries left, changes wait until the rest is delivered. */
const LAST_ENTRIES = 256;

export interface Tending {
  /** Members may differ: they are compared soon. */
  look(): void;
  /** Ends it; what is under way is left where it is, and goes on at the next opening. */
  stop(): Promise<void>;
  /** Tries members that are down at once. */
  wake(): void;
}

async function openMember(member: Member): Promise<UpMember> {
  if (member.backend === null) {
    member.backend = await member.open();
    member.lost = counterOf(member.backend, "records-lost");
    // Opened behind everybody's back it may have found what nobody counts on.
    await member.ledger.setStanding("unknown");
  }
  return member as UpMember;
}

/** Brings one member up to the others. Throws when it or they cannot. */
async function catchUp(mirror: Mirror, member: Member, signal: AbortSignal): Promise<void> {
  const open = await openMember(member);
  if (open.state === "down") {
    // Also one that nothing waits for must show that it is there.
    await open.backend.packs("log");
    Object.assign(open, { state: "behind", since: mirror.clock.now(), reason: "it is given what it missed" });
  }
  if (open.ledger.standing === "unknown") {
    // Those that are up first: what one of them lacks would be taken from this one, too.
    while (mirror.doubts > 0) {
      await mirror.clock.wait(LOOK_MS, signal);
      signal.throwIfAborted();
    }
    await compareWith(open, requireUp(mirror)[0]!, signal);
    await open.ledger.setStanding("queued");
  }
  while (open.ledger.records > LAST_ENTRIES) await deliver(mirror, open, signal);
  await mirror.gate.exclusive(async () => {
    while (await deliver(mirror, open, signal));
    await open.backend.flush();
    if (mirror.closed) return;
    await open.ledger.setStanding(mirror.changing === null ? "equal" : "changing");
    Object.assign(open, { state: "up", since: mirror.clock.now(), reason: "", unflushed: [] });
    open.lost = counterOf(open.backend, "records-lost");
  });
}

/** Until it is woken, or so many milliseconds have passed; null: for ever. */
async function sleep(
  mirror: Mirror,
  member: Member,
  pause: number | null,
  signal: AbortSignal,
): Promise<void> {
  const woken = new AbortController();
  const awake = new Promise<void>((resolve) => {
    member.wake = resolve;
    signal.addEventListener("abort", () => resolve(), { once: true, signal: woken.signal });
  });
  const time = pause === null ? [] : [mirror.clock.wait(pause, woken.signal)];
  await Promise.race([awake, ...time]);
  woken.abort();
}

async function tendMember(mirror: Mirror, member: Member, signal: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const { state } = member;
    if (state !== "behind") await sleep(mirror, member, state === "up" ? null : pause, signal);
    if (signal.aborted || member.state === "up") continue;
    const wasDown = state === "down";
    try {
      await catchUp(mirror, member, signal);
      pause = FIRST_PAUSE_MS;
      if (wasDown) mirror.warn(`${nameOf(member)} of the mirror is back, and has what it missed`);
    } catch (error) {
      if (signal.aborted) return;
      if (member.state !== "down") member.since = mirror.clock.now();
      if (state !== "down") pause = FIRST_PAUSE_MS;
      else pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      Object.assign(member, { state: "down", reason: (error as Error).message });
      member.attempts += 1;
    }
  }
}

/** Until members that may differ were compared; tried again like a member. */
async function settleDoubt(mirror: Mirror, signal: AbortSignal): Promise<void> {
  for (
    let pause = FIRST_PAUSE_MS;
    mirror.doubts > 0 && !signal.aborted;
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  ) {
    try {
      const seen = mirror.doubts;
      await compareUps(mirror, signal);
      if (mirror.doubts === seen) mirror.doubts = 0;
    } catch {
      if (!signal.aborted) await mirror.clock.wait(pause, signal);
    }
  }
}

/** Begins. */
export function tendMembers(mirror: Mirror): Tending {
  const abort = new AbortController();
  const { signal } = abort;
  const loops = mirror.members.map((member) => tendMember(mirror, member, signal));
  let doubt: Promise<void> | null = null;
  const look = (): void => {
    if (mirror.doubts === 0 || doubt !== null) return;
    doubt = settleDoubt(mirror, signal).finally(() => {
      doubt = null;
    });
  };
  look();
  return {
    look,
    wake() {
      for (const member of mirror.members) member.wake();
      look();
    },
    async stop() {
      abort.abort(new Error("the mirror is closed"));
      await Promise.all([...loops, doubt]);
    },
  };
}
