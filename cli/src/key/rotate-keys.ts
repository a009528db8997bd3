/** datadb key rotate and reseal: a new data key, and older data sealed with it. */
import type { StoreKeys } from "@datadb/server";
import { EXIT } from "../exit-code.ts";
import { formatCount } from "../output/format-count.ts";
import { formatSize } from "../output/format-size.ts";
import type { VerbContext } from "../verb.ts";
import { withKeys } from "./with-keys.ts";

async function reseal({ output, signal }: VerbContext, keys: StoreKeys): Promise<Record<string, unknown>> {
  const progress = output.progress("seal");
  try {
    const onProgress = (records: number, bytes: number): void =>
      progress.update({ entries: records, bytes, unit: "records" });
    const done = await keys.reseal({ signal, onProgress });
    output.note(`sealed ${formatCount(done.records, "record")} anew (${formatSize(done.bytes)})`);
    if (done.records > 0) output.note("datadb gc --max-unused 0 returns the space of what they replace");
    if (done.damaged > 0)
      output.warn(`${formatCount(done.damaged, "record")} cannot be read: run datadb check --read-data`);
    return { resealed: done.records, bytes: done.bytes, damaged: done.damaged };
  } catch (error) {
    if (signal.aborted) output.note("what was sealed anew stays so: datadb key reseal goes on from there");
    throw error;
  } finally {
    progress.done();
  }
}

const exitOf = (damaged: unknown): number =>
  typeof damaged === "number" && damaged > 0 ? EXIT.damaged : EXIT.done;

export function rotateKeys(context: VerbContext): Promise<number> {
  const { output, arguments: args } = context;
  return withKeys(context, async (keys) => {
    const epoch = await keys.rotate();
    output.note(`data key ${epoch} seals what is stored in ${keys.description} from now on`);
    const resealed = args.flag("reseal") ? await reseal(context, keys) : {};
    output.record({ type: "summary", backend: keys.description, epoch, ...resealed });
    return exitOf(resealed["damaged"]);
  });
}

export function resealRecords(context: VerbContext): Promise<number> {
  return withKeys(context, async (keys) => {
    const resealed = await reseal(context, keys);
    const epoch = keys.epochs().at(-1)?.epoch;
    context.output.record({ type: "summary", backend: keys.description, epoch, ...resealed });
    return exitOf(resealed["damaged"]);
  });
}
