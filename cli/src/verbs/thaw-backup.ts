/** Gets what a backup needs from where it is kept cold, after saying how much that is. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Backup, Connection, GlacierPlan, GlacierTier } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import { ask } from "../output/ask.ts";
import { formatCount } from "../output/format-count.ts";
import { formatSize } from "../output/format-size.ts";
import type { Option, VerbContext } from "../verb.ts";

const TIERS: readonly GlacierTier[] = ["Expedited", "Standard", "Bulk"];
/** How often a job of hours is looked at. */
const POLL_SECONDS = 30;

export const TIER_OPTION: Option = {
  name: "tier",
  value: "TIER",
  help: "expedited (minutes), standard (hours, default) or bulk (half a day)",
  completes: ["expedited", "standard", "bulk"],
};

export const POLL_OPTION: Option = {
  name: "poll",
  value: "TIME",
  help: "with --wait, look so often (default 30s)",
  completes: "nothing",
};

/** What --tier says. Throws UsageError for another one. */
export function tierOf({ arguments: args }: VerbContext): GlacierTier {
  const given = (args.text("tier") ?? "standard").toLowerCase();
  const found = TIERS.find((tier) => tier.toLowerCase() === given);
  if (found === undefined) throw new UsageError(`--tier is ${given}`, "give expedited, standard or bulk");
  return found;
}

/** Repeats a step until it says that nothing is left, or `waitMs` milliseconds have passed; at least once. */
export async function repeatStep<T>(
  { arguments: args, signal }: VerbContext,
  waitMs: number,
  step: () => Promise<T>,
  done: (state: T) => boolean,
): Promise<T> {
  const poll = args.duration("poll") ?? POLL_SECONDS * 1000;
  const end = performance.now() + waitMs;
  for (;;) {
    const state = await step();
    const left = end - performance.now();
    if (done(state) || left <= 0) return state;
    await sleep(Math.min(poll, left), undefined, { signal });
  }
}

/** Says what a backup needs that cannot be read. Resolves with it, and with words for it. */
export async function planThaw(
  context: VerbContext,
  connection: Connection,
  backup: Backup,
): Promise<{ plan: GlacierPlan; needs: string }> {
  const { glacierRestore } = await import("@datadb/client");
  const tier = tierOf(context);
  const plan = await glacierRestore(connection, backup, tier, false);
  const needs = `${formatCount(plan.archives, "archive")}, ${formatSize(plan.bytes)} (${tier})`;
  if (plan.records > 0)
    context.output.note(
      `backup ${backup.id.slice(0, 8)} needs ${formatCount(plan.records, "record")} from ${needs}`,
    );
  return { plan, needs };
}

/**
 * Says what it takes, asks unless all of that is under way, and waits for at most `waitMs` milliseconds. Resolves with what is left to
 * come then, and with null when the person did not want it.
 */
export async function thawBackup(
  context: VerbContext,
  connection: Connection,
  backup: Backup,
  waitMs: number,
): Promise<GlacierPlan | null> {
  const { glacierRestore } = await import("@datadb/client");
  const tier = tierOf(context);
  const { plan, needs } = await planThaw(context, connection, backup);
  const untouched = plan.records > 0 && plan.waiting === 0;
  if (untouched && !(await ask(context, `retrieve ${needs}`))) {
    context.output.note("nothing was asked for");
    return null;
  }
  return await repeatStep(
    context,
    waitMs,
    () => glacierRestore(connection, backup, tier, true),
    ({ records }) => records === 0,
  );
}
