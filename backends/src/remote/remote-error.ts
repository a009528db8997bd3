/** Errors of a server as errors of a backend. */
import {
  BackendUnavailableError,
  DamagedError,
  type DatadbError,
  DiskFullError,
  FormatTooNewError,
  ReadOnlyError,
  type ReplyError,
  StoreMissingKnownError,
  WrongStoreError,
} from "@datadb/protocol";

type Make = (message: string) => DatadbError;

/** By the kind of the reply. What is not here leaves open whether a record is there. */
const ERRORS: Readonly<Record<string, Make>> = {
  DAMAGED: (message) => new DamagedError(message),
  DISKFULL: (message) => new DiskFullError(message),
  FORMATTOONEW: (message) => new FormatTooNewError(message),
  READONLY: (message) => new ReadOnlyError(message),
  NOPERM: (message) => new ReadOnlyError(message, "use a user of that server whose right allows it"),
  STOREMISSINGKNOWN: (message) => new StoreMissingKnownError(message),
  WRONGSTORE: (message) => new WrongStoreError(message, "give each store a namespace of its own"),
};

const ADVICE: Readonly<Record<string, string>> = {
  NOAUTH: "give user and password in the configuration of the remote backend",
  WRONGPASS: "correct user and password in the configuration of the remote backend",
  BUSY: "only one process at a time may use a store's records",
};

/** `shown` is the server's address. */
export function remoteError(error: ReplyError, shown: string): DatadbError {
  const { kind } = error;
  const message = `${shown}: ${error.message.slice(kind.length).trimStart()}`;
  const make = ERRORS[kind];
  if (make !== undefined) return make(message);
  return new BackendUnavailableError(message, {
    cause: error,
    fields: { address: shown },
    ...(ADVICE[kind] === undefined ? {} : { next: ADVICE[kind] }),
  });
}
