/** What an error of the service, of the network or of the SDK means. */
import {
  AccessDeniedError,
  BackendUnavailableError,
  BucketMissingError,
  ColdDataError,
  DatadbError,
  ThrottledError,
} from "@datadb/protocol";
import type { Outlook } from "./back-off.ts";

/** The service says that there is no such object: for the caller to judge, never shown. */
export class ObjectMissing extends Error {}

/** The service says that there is an object already where none was to be. */
export class ObjectExists extends Error {}

/** The service does not know a condition, header or request that not every service has. */
export class NotImplementedByService extends Error {}

/** The body that came is not as long as the service said. */
export class CutBody extends Error {}

interface ServiceError {
  name?: string;
  message?: string;
  Code?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

const DENIED = new Set([
  "AccessDenied",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "ExpiredToken",
  "ExpiredTokenException",
  "TokenRefreshRequired",
  "InvalidToken",
  "CredentialsProviderError",
  "AuthorizationHeaderMalformed",
  "RequestTimeTooSkewed",
  "AllAccessDisabled",
  "Forbidden",
]);
const THROTTLED = new Set([
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequests",
  "RequestLimitExceeded",
]);
/** Bytes that changed on their way, or came too slowly: the same request may pass. */
const PASSING = new Set([
  "RequestTimeout",
  "BadDigest",
  "IncompleteBody",
  "XAmzContentSHA256Mismatch",
  "InternalError",
  "ServiceUnavailable",
  "OperationAborted",
]);

function nameOf(error: ServiceError): string {
  return error.Code ?? error.name ?? "";
}

function statusOf(error: ServiceError): number | undefined {
  return error.$metadata?.httpStatusCode;
}

function isThrottling(error: ServiceError): boolean {
  const status = statusOf(error);
  return THROTTLED.has(nameOf(error)) || status === 503 || status === 429;
}

/** What may come of the same request a little later. What the service never answered is taken for its absence. */
export function outlookOf(caught: unknown): Outlook {
  if (caught instanceof DatadbError || caught instanceof ObjectMissing || caught instanceof ObjectExists)
    return "final";
  if (caught instanceof NotImplementedByService) return "final";
  if (caught instanceof CutBody) return "passing";
  const error = caught as ServiceError;
  const [name, status] = [nameOf(error), statusOf(error)];
  if (name === "NotImplemented" || status === 501) return "final";
  if (isThrottling(error)) return "away";
  if (status === undefined || status >= 500)
    return DENIED.has(name) || caught instanceof TypeError ? "final" : "away";
  return PASSING.has(name) || status < 400 ? "passing" : "final";
}

/** Whether the credentials, and not the request, are what is refused: newer ones may be there. */
export function areExpired(caught: unknown): boolean {
  return ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"].includes(
    nameOf(caught as ServiceError),
  );
}

function deniedAdvice(name: string): string | undefined {
  if (name === "RequestTimeTooSkewed") return "set this machine's clock, then run the command again";
  if (name === "CredentialsProviderError")
    return "set accessKeyId and secretAccessKey in config.yaml, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile";
  if (name.startsWith("ExpiredToken") || name === "TokenRefreshRequired")
    return "get a new session token, then run the command again: what was stored is not sent twice";
  if (name === "AuthorizationHeaderMalformed") return "check region in config.yaml";
  return undefined;
}

/**
 * The error for a caller. `what` says what was tried, `place` on which object. Errors that only mean something to the caller come
 * back as classes of this module.
 */
export function translateServiceError(caught: unknown, what: string, place: string): Error {
  if (caught instanceof DatadbError || caught instanceof TypeError) return caught;
  const error = caught as ServiceError;
  const name = nameOf(error);
  const status = statusOf(error);
  const said = name === "" || error.message === name ? (error.message ?? name) : `${name}: ${error.message}`;
  const message = `cannot ${what} ${place}: ${said || String(caught)}`;
  const details = {
    cause: caught,
    fields: { place, reason: name, ...(status === undefined ? {} : { status }) },
  };
  if (name === "NoSuchBucket") return new BucketMissingError(message, details);
  if (name === "NoSuchKey" || (status === 404 && (name === "NotFound" || name === "404")))
    return new ObjectMissing(message);
  if (status === 412) return new ObjectExists(message);
  if (name === "InvalidObjectState")
    return new ColdDataError(`${place} lies in a cold storage class`, details);
  if (name === "NotImplemented" || status === 501) return new NotImplementedByService(message);
  if (isThrottling(error)) return new ThrottledError(message, details);
  if (DENIED.has(name) || status === 403 || status === 401) {
    const next = deniedAdvice(name);
    return new AccessDeniedError(message, next === undefined ? details : { ...details, next });
  }
  return new BackendUnavailableError(message, details);
}
