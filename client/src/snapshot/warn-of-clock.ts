/** Tells of a backup that is listed as of a time that has not come. */

/** Clocks of two machines differ by less. */
const MOST_AHEAD_MS = 5 * 60_000;

/**
 * A clock that was ahead once goes on in the times of its series: each backup comes after the last, however late that was. Rules that
 * count days then see all of them in one.
 *
 * @param time What the server listed the backup as of.
 */
export function warnOfClock(time: string, onWarning: ((text: string) => void) | undefined): void {
  const now = Date.now();
  if (Date.parse(time) - now <= MOST_AHEAD_MS) return;
  onWarning?.(
    `the backup is listed as of ${time}, and this machine's clock says ${new Date(now).toISOString()}: one of the clocks is wrong, or was ` +
      "when the series got its last backup, which each new one comes after; datadb forget counts by these times, so correct the " +
      "clock, and remove the backups that are of a time to come with datadb rm",
  );
}
