/** Requests to a vault; the SDK is loaded with the first one. */
import type { GlacierClient } from "@aws-sdk/client-glacier";
import { BackendUnavailableError } from "@datadb/protocol";
import { graceAfter } from "../end-grace.ts";
import type { GlacierOptions } from "./glacier-options.ts";

type Sdk = typeof import("@aws-sdk/client-glacier");

export interface AskVault {
  readonly options: GlacierOptions;
  /** What every request names. */
  readonly target: { accountId: string; vaultName: string };
  /**
   * Runs one request; `what` is for messages. `absent` is the answer when what it names is not there. Rejects with
   * BACKEND_UNAVAILABLE.
   */
  ask<T, A = never>(
    what: string,
    work: (sdk: Sdk, client: GlacierClient) => Promise<T>,
    absent?: A,
  ): Promise<T | A>;
  close(): void;
}

const ATTEMPTS = 5;
const CONNECT_MS = 10_000;
/** Without a byte; then the request has failed. */
const SILENCE_MS = 60_000;

/** `end`: whoever opened the store wants to end, and answers are waited for no longer than a grace. */
export function askVault(options: GlacierOptions, end: AbortSignal | undefined): AskVault {
  const { vault: vaultName, region, endpoint, credentials } = options;
  const awaitAnswer = graceAfter(end);
  let opened: Promise<{ sdk: Sdk; client: GlacierClient }> | null = null;

  async function open(): Promise<{ sdk: Sdk; client: GlacierClient }> {
    const sdk = await import("@aws-sdk/client-glacier");
    const client = new sdk.GlacierClient({
      maxAttempts: ATTEMPTS,
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
      ...(region === null && endpoint !== null ? { region: "us-east-1" } : {}),
      ...(region === null ? {} : { region }),
      ...(endpoint === null ? {} : { endpoint }),
      ...(credentials === null ? {} : { credentials }),
    });
    return { sdk, client };
  }

  return {
    options,
    target: { accountId: "-", vaultName },
    async ask(what, work, absent) {
      opened ??= open();
      try {
        const { sdk, client } = await opened;
        return await awaitAnswer(work(sdk, client));
      } catch (error) {
        const { name, message } = error as Error;
        if (absent !== undefined && name === "ResourceNotFoundException") return absent;
        throw new BackendUnavailableError(`glacier ${vaultName}: cannot ${what}: ${message || name}`, {
          cause: error,
          fields: { vault: vaultName },
          next: "check the vault's name, region and endpoint, the credentials and the network, then run the command again",
        });
      }
    },
    close() {
      void opened?.then(({ client }) => client.destroy()).catch(() => undefined);
    },
  };
}
