/** The ancestor of every error that datadb raises on purpose. */
import { ERROR_CATALOGUE, type ErrorCode } from "./error-catalogue.ts";

/** What an error may carry besides its message. */
export interface ErrorDetails {
  /** What to do next; the catalogue's advice when absent. */
  next?: string | undefined;
  /** The values that matter (path, id, host ...), for JSON output and for callers. */
  fields?: Readonly<Record<string, unknown>> | undefined;
  cause?: unknown;
}

/**
 * An error with a stable upper-case `code`. The message says what happened and to which object, in one sentence without
 * final stop; `next` says what to do. Programmer mistakes are TypeErrors instead.
 */
export class DatadbError extends Error {
  readonly code: ErrorCode;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly next: string;

  /** `details` given as a string is `next`. */
  constructor(code: ErrorCode, message: string, details?: string | ErrorDetails) {
    const { next, fields, cause }: ErrorDetails =
      typeof details === "string" ? { next: details } : (details ?? {});
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.fields = fields ?? {};
    this.next = next ?? ERROR_CATALOGUE[code].next;
  }

  override get name(): string {
    return this.constructor.name;
  }
}
