/** What libpq's require_auth and channel_binding demand of the way in which a server lets its user in. */
import type { EventEmitter } from "node:events";
import { DatabaseLoginError, type DatadbError, UsageError } from "@datadb/protocol";
import type { Parameters } from "./parameters.ts";

const METHODS = ["password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none"] as const;
type Method = (typeof METHODS)[number];
const BINDINGS = ["disable", "prefer", "require"];
/** SCRAM that includes the server's certificate: nobody between can pass it on. */
const BOUND = "SCRAM-SHA-256-PLUS";

const SAID: Partial<Record<Method, string>> = {
  password: "asks for the password in clear",
  md5: "asks for the password as MD5",
  "scram-sha-256": "asks for SCRAM",
  none: "lets the user in without asking",
};

export interface AuthenticationDemands {
  /** Null: any. */
  methods: ReadonlySet<Method> | null;
  /** The connection's certificate has to be part of the login. */
  bound: boolean;
}

/** Throws USAGE for values that libpq does not know. */
export function authenticationDemands(parameters: Parameters): AuthenticationDemands {
  const binding = parameters["channel_binding"] ?? "prefer";
  if (!BINDINGS.includes(binding))
    throw new UsageError(`channel_binding=${binding} is unknown`, `give one of ${BINDINGS.join(", ")}`);
  return { methods: methodsOf(parameters["require_auth"]), bound: binding === "require" };
}

/** Names with commas between: those that are allowed, or, each with ! before it, those that are not. */
function methodsOf(text: string | undefined): ReadonlySet<Method> | null {
  if (text === undefined) return null;
  const words = text.split(",").map((word) => word.trim());
  const refused = words.filter((word) => word.startsWith("!")).length;
  const names = words.map((word) => word.replace(/^!/, "") as Method);
  const wrong = names.find((name, i) => !METHODS.includes(name) || names.indexOf(name) !== i);
  if (wrong !== undefined || (refused > 0 && refused < words.length))
    throw new UsageError(
      `require_auth=${text} is not understood`,
      `name some of ${METHODS.join(", ")} once, all of them or none with ! before it`,
    );
  return new Set(refused === 0 ? names : METHODS.filter((method) => !names.includes(method)));
}

/**
 * Watches the driver's connection from its start. What it returns throws once the server has asked for what is not allowed: to be called before
 * a password is given away. A server that lets in without what is demanded ends the connection with an error.
 */
export function guardAuthentication(
  connection: EventEmitter,
  { methods, bound }: AuthenticationDemands,
  { label, encrypted }: { label: string; encrypted: boolean },
): () => void {
  let asked: Method | null = null;
  let finished = false;
  let refusal: DatadbError | undefined;
  const refuse = (what: string, demand: string, next: string): void => {
    refusal ??= new DatabaseLoginError(`${label}: the server ${what}, and ${demand}`, { next });
  };
  const met = (method: Method, isBound: boolean): void => {
    asked = method;
    if (methods !== null && !methods.has(method))
      refuse(
        SAID[method] ?? method,
        "require_auth does not allow it",
        "change the server's pg_hba.conf, or require_auth",
      );
    if (bound && !isBound) {
      const why = encrypted ? (SAID[method] ?? method) : "is reached without TLS";
      refuse(
        `${why}, without channel binding`,
        "channel_binding is require",
        "connect with TLS, as a user with a SCRAM password",
      );
    }
  };
  connection.on("authenticationCleartextPassword", () => {
    met("password", false);
    finished = true;
  });
  connection.on("authenticationMD5Password", () => {
    met("md5", false);
    finished = true;
  });
  connection.on("authenticationSASL", ({ mechanisms }: { mechanisms: string[] }) =>
    met("scram-sha-256", encrypted && mechanisms.includes(BOUND)),
  );
  connection.on("authenticationSASLFinal", () => (finished = true));
  connection.on("authenticationOk", () => {
    if (asked === null) met("none", false);
    else if (!finished && (bound || methods !== null))
      refuse("did not finish the login", "says that it is done", "ask whoever runs the server");
    if (refusal !== undefined) connection.emit("error", refusal);
  });
  return () => {
    if (refusal !== undefined) throw refusal;
  };
}
