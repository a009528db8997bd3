/** What a configuration says of a remote backend. */
import { type Address, parseAddress, UsageError } from "@datadb/protocol";
import { type BackendOptions, configError } from "../backend-options.ts";

export interface RemoteOptions {
  address: Address;
  user: string | undefined;
  password: string | undefined;
  /** PEM text of the authority that the server's certificate must be of; undefined: those that Node knows. */
  ca: string | undefined;
  namespace: string;
  /** How long a server that cannot be reached is tried again before a call fails. */
  retryMs: number;
}

/** Throws USAGE naming the key. */
export function remoteOptions(options: BackendOptions, storeId: Buffer): RemoteOptions {
  const url = options.text("url");
  const found = {
    address: addressOf(url, `${options.at}.url`),
    user: optional(options, "user"),
    password: optional(options, "password"),
    ca: optional(options, "ca"),
    namespace: options.text("namespace", storeId.toString("hex")),
    retryMs: options.integer("retry-seconds", { min: 0, max: 86_400, fallback: 60 }) * 1000,
  };
  options.done();
  return found;
}

function addressOf(url: string, at: string): Address {
  try {
    return parseAddress(url);
  } catch (error) {
    if (error instanceof UsageError) throw configError(at, error.message);
    throw error;
  }
}

/** An empty text stands for absent. */
function optional(options: BackendOptions, key: string): string | undefined {
  const absent = " ";
  const found = options.text(key, absent);
  return found === absent ? undefined : found;
}
