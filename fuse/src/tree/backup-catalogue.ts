/** What backups there are, asked again when somebody looks: new ones appear while the file system is mounted. */
import { type Backup, type Connection, listBackups } from "@datadb/client";
import { labelSeries, type Series } from "./series-labels.ts";

/** A listing is used for so long, and for longer when making it takes long. */
const FRESH_MS = 1000;
const FRESH_FACTOR = 20;
/** Also when the store did not answer for a while: what is new since then is to be seen soon after. */
const FRESH_MOST_MS = 15_000;
/** A store that does not answer: what is known is shown meanwhile. */
const PATIENCE_MS = 2000;

export interface BackupCatalogue {
  series(): Promise<Map<string, Series>>;
}

/** `listed` gets each new listing. */
export function createCatalogue(
  connection: Connection,
  listed: (backups: readonly Backup[]) => void,
  problem: (text: string) => void,
): BackupCatalogue {
  let series: Map<string, Series> | null = null;
  let fresh = 0;
  let asking: Promise<void> | null = null;
  /** Waited for once: nobody else is held up by it. */
  let overdue: Promise<void> | null = null;

  async function ask(): Promise<void> {
    const began = performance.now();
    try {
      const backups = await listBackups(connection);
      series = labelSeries(backups);
      listed(backups);
    } finally {
      const ended = performance.now();
      fresh = ended + Math.min(FRESH_MOST_MS, Math.max(FRESH_MS, (ended - began) * FRESH_FACTOR));
      asking = null;
    }
  }

  async function awaitBriefly(asked: Promise<void>): Promise<void> {
    try {
      await within(asked, PATIENCE_MS);
      if (asking === asked) overdue = asked;
    } catch (error) {
      problem(`backups cannot be listed: ${(error as Error).message}`);
    }
  }

  return {
    async series() {
      if (series !== null && performance.now() < fresh) return series;
      asking ??= ask();
      if (series === null) await asking;
      else if (asking !== overdue) await awaitBriefly(asking);
      return series ?? new Map();
    },
  };
}

/** Resolves when the work or the time is over; the work goes on. */
async function within(work: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await Promise.race([work, time]);
  } finally {
    clearTimeout(timer);
  }
}
