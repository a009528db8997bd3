/** What an error of the driver or the server means, in the project's errors. */
import {
  DatabaseBusyError,
  DatabaseFailedError,
  DatabaseForbiddenError,
  DatabaseLoginError,
  DatabaseMissingError,
  DatabaseUnreachableError,
  DatadbError,
} from "@datadb/protocol";

interface ServerError extends Error {
  code?: string;
  severity?: string;
  detail?: string;
  hint?: string;
  errors?: Error[];
}

/** What to do when the server, or a role's limit, allows no connection more. */
export const NO_CONNECTION_FREE =
  "close some connections, give fewer --jobs, or raise the limit: max_connections, or that of the role or database";

/** SQLSTATE of an error of the server, or undefined. */
export function sqlState(error: unknown): string | undefined {
  const { code } = (error ?? {}) as ServerError;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** `what`: the database and what was done to it, such as `db.example.org:5432/app: reading public.account`. */
export function databaseError(cause: unknown, what: string): DatadbError {
  if (cause instanceof DatadbError) return cause;
  const error = cause as ServerError;
  const state = sqlState(error);
  const detail = error.detail ? ` (${error.detail})` : "";
  const message = `${what}: ${messageOf(error)}${detail}`;
  const details = { cause, fields: state === undefined ? {} : { sqlstate: state } };
  if (state === undefined) {
    if (/password must be a(?: non-empty)? string/.test(error.message)) {
      const next = "give one: PGPASSWORD, ~/.pgpass, or in the URL";
      return new DatabaseLoginError(`${what}: the server asks for a password, and there is none`, {
        ...details,
        next,
      });
    }
    if (/^SASL|authentication|client password/i.test(error.message))
      return new DatabaseLoginError(message, details);
    if (/certificate|self-signed|altnames|TLS|SSL/i.test(messageOf(error))) {
      const next = "check sslmode and sslrootcert, or the server's certificate";
      return new DatabaseUnreachableError(message, { ...details, next });
    }
    return new DatabaseUnreachableError(message, details);
  }
  if (state === "3D000") return new DatabaseMissingError(message, details);
  if (state.startsWith("28")) return new DatabaseLoginError(message, details);
  if (state === "42501") return new DatabaseForbiddenError(message, details);
  if (state === "55P03") return new DatabaseBusyError(message, details);
  if (state === "08P01" && /startup parameter/.test(error.message)) {
    const next = "a pooler says so: connect to the server itself, or let it pass what the message names";
    return new DatabaseUnreachableError(message, { ...details, next });
  }
  if (state.startsWith("08") || state.startsWith("57P")) {
    return new DatabaseUnreachableError(message, details);
  }
  if (/conflict with recovery/.test(error.message)) {
    const next =
      "set hot_standby_feedback = on at the standby, or a longer max_standby_streaming_delay; or back up from the primary";
    return new DatabaseFailedError(message, { ...details, next });
  }
  if (state === "53300") {
    return new DatabaseUnreachableError(message, { ...details, next: NO_CONNECTION_FREE });
  }
  return new DatabaseFailedError(message, { ...details, ...(error.hint ? { next: error.hint } : {}) });
}

/** Node gives one error for several addresses, without a text of its own. */
function messageOf(error: ServerError): string {
  if (error.message !== "") return error.message;
  return error.errors?.map(({ message }) => message).join("; ") ?? String(error.code ?? error.name);
}
