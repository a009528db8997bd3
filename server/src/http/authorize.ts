/** Who may read what over HTTP: basic authentication with the users of the configuration; without users, this machine only. */
import type { Right } from "@datadb/protocol";
import { may } from "../access/may.ts";
import { isLoopback } from "../listeners/loopback.ts";
import type { ServerState } from "../session/server-state.ts";

export interface Refusal {
  status: 401 | 403;
  message: string;
}

export interface RequestHeaders {
  authorization?: string | undefined;
  host?: string | undefined;
}

/** Null: go on. */
export async function authorize(
  server: ServerState,
  headers: RequestHeaders,
  right: Right,
): Promise<Refusal | null> {
  if (!server.users.required) {
    // A page that a browser shows could reach this listener under a name of its own (DNS rebinding); its Host gives it away.
    const host = (headers.host ?? "localhost").replace(/:\d+$/, "");
    return isLoopback(host)
      ? null
      : { status: 403, message: `the host ${JSON.stringify(host)} is not this machine` };
  }
  const [, encoded = ""] = /^Basic ([A-Za-z0-9+/=]{1,2048})$/i.exec(headers.authorization ?? "") ?? [];
  const text = Buffer.from(encoded, "base64").toString();
  const colon = text.indexOf(":");
  const user = colon < 0 ? null : await server.users.verify(text.slice(0, colon), text.slice(colon + 1));
  if (user === null) return { status: 401, message: "send name and password of a user of config.yaml" };
  if (may(user.right, right)) return null;
  return { status: 403, message: `user ${user.name} has not the right ${right}` };
}
