/**
 * Everything a verb prints. Results go to standard output, as text or (--json) as one object a line; notes,
 * warnings, questions and progress go to standard error.
 */
import { styleText } from "node:util";
import type { Progress } from "./progress.ts";
import { progressLine } from "./progress-line.ts";

type Style = Parameters<typeof styleText>[0];

/** The part of a stream that is needed: process.stdout, process.stderr, or a test's own. */
export interface TextStream {
  write(text: string | Uint8Array): boolean;
  once?(event: "drain", listener: () => void): unknown;
  off?(event: "drain", listener: () => void): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** A line of the result for people; dropped with --json. */
  line(text: string): void;
  /** An object of the result for programs; dropped without --json. BigInts become numbers. */
  record(record: Readonly<Record<string, unknown>>): void;
  /** Whether standard output is a terminal. */
  readonly terminal: boolean;
  /** Bytes of the result, as they are. Resolves when the reader wants more; rejects when the signal is aborted. */
  bytes(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Something worth knowing that is not the result; dropped with --quiet. */
  note(text: string): void;
  /** Something that the person should look at; never dropped. */
  warn(text: string): void;
  /** What went wrong; never dropped. */
  error(text: string): void;
  /** Colours for standard output; plain text when it is no terminal, or NO_COLOR is set. */
  style(style: Style, text: string): string;
  /** Shows how far a long job is, on a terminal only. Call done() in any case. */
  progress(verb: string): Progress;
}

export interface OutputOptions {
  stdout: TextStream;
  stderr: TextStream;
  json: boolean;
  quiet: boolean;
  environment: NodeJS.ProcessEnv;
}

export function createOutput({ stdout, stderr, json, quiet, environment }: OutputOptions): Output {
  const coloured = (stream: TextStream): boolean => stream.isTTY === true && !environment["NO_COLOR"];
  const paint = (stream: TextStream, style: Style, text: string): string =>
    coloured(stream) ? styleText(style, text, { validateStream: false }) : text;
  let shown: Progress | undefined;
  const tell = (text: string): void => {
    shown?.hide();
    stderr.write(`${text}\n`);
  };
  return {
    json,
    quiet,
    line(text) {
      if (json) return;
      shown?.hide();
      stdout.write(`${text}\n`);
    },
    record(record) {
      if (json) stdout.write(`${JSON.stringify(record, numbered)}\n`);
    },
    terminal: stdout.isTTY === true,
    async bytes(bytes, signal) {
      signal.throwIfAborted();
      if (!stdout.write(bytes)) await drained(stdout, signal);
    },
    note(text) {
      if (!quiet) tell(text);
    },
    warn: (text) => tell(`${paint(stderr, "yellow", "warning:")} ${text}`),
    error: (text) => tell(`${paint(stderr, "red", "datadb:")} ${text}`),
    style: (style, text) => paint(stdout, style, text),
    progress(verb) {
      const visible = stderr.isTTY === true && !quiet && environment["TERM"] !== "dumb";
      shown = progressLine(verb, visible ? stderr : undefined);
      return shown;
    },
  };
}

function drained(stream: TextStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const drain = (): void => {
      signal.removeEventListener("abort", abort);
      resolve();
    };
    const abort = (): void => {
      stream.off?.("drain", drain);
      reject(signal.reason as Error);
    };
    stream.once?.("drain", drain);
    signal.addEventListener("abort", abort, { once: true });
  });
}

/** Sizes fit a double (up to 9 PB exactly), and JSON has no other number. */
function numbered(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}
