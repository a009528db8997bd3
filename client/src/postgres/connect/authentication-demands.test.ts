/** Which ways of logging in a connection allows, by libpq's rules. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { authenticationDemands, guardAuthentication } from "./authentication-demands.ts";

const WORLD = { label: "db", encrypted: true };
const PLUS = { mechanisms: ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"] };

/** What a connection says that lives through these events of the driver; null when nothing is wrong. */
function said(
  parameters: Record<string, string>,
  events: [string, object?][],
  encrypted = true,
): string | null {
  const connection = new EventEmitter();
  let error: Error | null = null;
  connection.on("error", (one: Error) => (error = one));
  const mayLogIn = guardAuthentication(connection, authenticationDemands(parameters), {
    ...WORLD,
    encrypted,
  });
  for (const [event, message] of events) {
    connection.emit(event, message);
    try {
      if (event !== "authenticationOk") mayLogIn();
    } catch (refusal) {
      return (refusal as Error).message;
    }
  }
  return (error as Error | null)?.message ?? null;
}

const OK: [string] = ["authenticationOk"];
const CLEAR: [string] = ["authenticationCleartextPassword"];
const MD5: [string] = ["authenticationMD5Password"];
const SCRAM: [string, object] = ["authenticationSASL", { mechanisms: ["SCRAM-SHA-256"] }];
const BOUND: [string, object] = ["authenticationSASL", PLUS];
const FINAL: [string] = ["authenticationSASLFinal"];

test("nothing is demanded unless it is said", () => {
  for (const events of [[OK], [CLEAR, OK], [MD5, OK], [SCRAM, FINAL, OK]])
    expect(said({}, events)).toBeNull();
});

test("a method that is not allowed gets no password", () => {
  const scram = { require_auth: "scram-sha-256" };
  expect(said(scram, [SCRAM, FINAL, OK])).toBeNull();
  expect(said(scram, [CLEAR])).toMatch(/in clear.*require_auth/);
  expect(said(scram, [MD5])).toMatch(/MD5/);
  expect(said(scram, [OK])).toMatch(/without asking/);
  expect(said({ require_auth: "!password, !md5" }, [SCRAM, FINAL, OK])).toBeNull();
  expect(said({ require_auth: "!password,!md5" }, [MD5])).toMatch(/MD5/);
  expect(said({ require_auth: "!none" }, [OK])).toMatch(/without asking/);
  expect(said({ require_auth: "none" }, [OK])).toBeNull();
});

test("a server that says it is done before it has shown that it knows the password is not believed", () => {
  expect(said({ require_auth: "scram-sha-256" }, [SCRAM, OK])).toMatch(/did not finish/);
  expect(said({ channel_binding: "require" }, [BOUND, OK])).toMatch(/did not finish/);
});

test("channel binding needs TLS and a server that offers it", () => {
  const required = { channel_binding: "require" };
  expect(said(required, [BOUND, FINAL, OK])).toBeNull();
  expect(said(required, [SCRAM])).toMatch(/without channel binding/);
  expect(said(required, [MD5])).toMatch(/without channel binding/);
  expect(said(required, [OK])).toMatch(/without channel binding/);
  expect(said(required, [BOUND], false)).toMatch(/without TLS/);
  expect(said({ channel_binding: "disable" }, [SCRAM, FINAL, OK])).toBeNull();
});

test.each([
  { require_auth: "scram" },
  { require_auth: "md5,!none" },
  { require_auth: "md5,md5" },
  { channel_binding: "always" },
])("%o is refused", (parameters) => {
  expect(() => authenticationDemands(parameters)).toThrow(expect.objectContaining({ code: "USAGE" }));
});
