/** The progress line on a terminal: entries, bytes, rate, time left and the current entry, cut to its width. */

import { groupDigits } from "./format-count.ts";
import { formatDuration } from "./format-duration.ts";
import { formatSize } from "./format-size.ts";
import type { TextStream } from "./output.ts";
import { printable } from "./printable.ts";
import type { Progress, ProgressState } from "./progress.ts";

/** Ten times a second looks smooth and costs nothing. */
const REDRAW_INTERVAL_MS = 100;
/** The rate is that of the last five seconds: a job's speed changes with what it reads. */
const RATE_WINDOW_MS = 5000;
/** Of a terminal that does not tell its width, or says 0. */
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = "\r\x1b[2K";

/** `stream` undefined: nobody watches, and nothing is shown. */
export function progressLine(
  verb: string,
  stream: TextStream | undefined,
  now: () => number = Date.now,
): Progress {
  let state: ProgressState | undefined;
  let drawn = false;
  const started = now();
  const samples: { time: number; bytes: number }[] = [{ time: started, bytes: 0 }];
  const draw = (): void => {
    if (!state || !stream) return;
    const time = now();
    samples.push({ time, bytes: state.bytes });
    while (samples.length > 2 && time - samples[0]!.time > RATE_WINDOW_MS) samples.shift();
    const first = samples[0]!;
    const rate = time > first.time ? ((state.bytes - first.bytes) * 1000) / (time - first.time) : 0;
    stream.write(
      CLEAR_LINE +
        progressText(verb, state, rate, (time - started) / 1000, (stream.columns || DEFAULT_COLUMNS) - 1),
    );
    drawn = true;
  };
  const hide = (): void => {
    if (drawn) stream?.write(CLEAR_LINE);
    drawn = false;
  };
  const timer = stream ? setInterval(draw, REDRAW_INTERVAL_MS).unref() : undefined;
  return {
    update: (next) => {
      state = next;
    },
    hide,
    done: () => {
      clearInterval(timer);
      hide();
      state = undefined;
    },
  };
}

/** Pure: what the line says. `rate` in bytes a second, `elapsed` in seconds. */
export function progressText(
  verb: string,
  state: ProgressState,
  rate: number,
  elapsed: number,
  width: number,
): string {
  const { entries, bytes, totalEntries, totalBytes, unit = "entries" } = state;
  const of = (total: string | undefined): string => (total === undefined ? "" : ` of ${total}`);
  const parts = [
    `${groupDigits(entries)}${of(totalEntries === undefined ? undefined : groupDigits(totalEntries))} ${unit}`,
    `${formatSize(bytes)}${of(totalBytes === undefined ? undefined : formatSize(totalBytes))}`,
  ];
  // What is done after the last byte takes its own time.
  const reading = rate > 0 && (totalBytes === undefined || bytes < totalBytes);
  if (reading) parts.push(`${formatSize(rate)}/s`);
  if (totalBytes && reading) parts.push(`${formatDuration((totalBytes - bytes) / rate)} left`);
  else parts.push(formatDuration(elapsed));
  const percent = totalBytes ? `${Math.min(100, Math.floor((bytes / totalBytes) * 100))} % ` : "";
  const text = `${verb} ${percent}${parts.join(", ")}`;
  const name = state.current === undefined ? "" : printable(state.current);
  const room = width - text.length - 2;
  if (name === "" || room < 12) return text.slice(0, Math.max(0, width));
  return `${text}  ${name.length > room ? `…${name.slice(name.length - room + 1)}` : name}`;
}
