/** One request to a service that is to be told something. */

/** A service that does not answer must not hold a run up. */
const TIMEOUT_MS = 10_000;
const MAX_REASON = 200;

export interface HttpRequest {
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/**
 * Resolves for an answer of 200 to 299. Throws an Error whose message names the service's host only: paths of webhooks
 * are secrets.
 */
export async function sendRequest({ url, method, headers, body }: HttpRequest): Promise<void> {
  const { origin } = new URL(url);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { "user-agent": "datadb-scheduler", ...headers },
      ...(method === "GET" || method === "HEAD" ? {} : { body }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const { cause, name, message } = error as Error & { cause?: { code?: string; message?: string } };
    const why =
      name === "TimeoutError"
        ? `no answer in ${TIMEOUT_MS / 1000} s`
        : (cause?.code ?? cause?.message ?? message);
    throw new Error(`${origin}: ${why}`, { cause: error });
  }
  const text = await response.text().catch(() => "");
  if (!response.ok)
    throw new Error(`${origin}: answered ${response.status} ${text.trim().slice(0, MAX_REASON)}`.trimEnd());
}
