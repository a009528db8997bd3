/** An error as an S3 server answers it. */

/** Thrown anywhere while a request is handled: becomes status and XML. */
export class S3Fault extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}
