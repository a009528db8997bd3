/** A refusal as the service words it. */
export class GlacierFault extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function invalid(message: string): GlacierFault {
  return new GlacierFault(400, "InvalidParameterValueException", message);
}

export function notFound(what: string): GlacierFault {
  return new GlacierFault(404, "ResourceNotFoundException", `${what} not found`);
}
