/** Parses who is told what came of runs, and through which mail server. */

import { TEMPLATE_NAMES, unknownPlaceholder } from "../notify/template.ts";
import {
  type Email,
  NOTICE_EVENTS,
  type NoticeEvent,
  type Notify,
  type Ping,
  type SmtpSettings,
  type Webhook,
} from "./scheduler-config.ts";
import type { YamlValue } from "./yaml-value.ts";

const BAD_NEWS: readonly NoticeEvent[] = ["failure", "overdue"];
const URL_FORM = "a URL with http:// or https://, env:NAME or file:/path";

/** `mail`: there is a section smtp. */
export function parseNotify(value: YamlValue, mail: boolean): Notify {
  const section = value.section(["ping", "webhook", "email"], "ping, webhook or email");
  const all = (key: string): YamlValue[] => {
    const found = section.get(key);
    if (found === undefined) return [];
    return Array.isArray(found.plain) ? found.list("a list") : [found];
  };
  const emails = all("email");
  if (emails.length > 0 && !mail)
    emails[0]!.fail("there is no section smtp, through which mail is sent: add it");
  return {
    pings: all("ping").map(parsePing),
    webhooks: all("webhook").map(parseWebhook),
    emails: emails.map(parseEmail),
  };
}

/** A text is the address of a check: success there, the others below it. */
function parsePing(value: YamlValue): Ping {
  if (typeof value.plain !== "string") {
    const section = value.section(
      NOTICE_EVENTS,
      `${URL_FORM}, or one for each of ${NOTICE_EVENTS.join(", ")}`,
    );
    return Object.fromEntries([...section].map(([event, url]) => [event, { url: urlOf(url), below: "" }]));
  }
  const url = urlOf(value);
  const fail = { url, below: "/fail" };
  return { start: { url, below: "/start" }, success: { url, below: "" }, failure: fail, overdue: fail };
}

function urlOf(value: YamlValue): string {
  const url = value.secret(URL_FORM);
  if (/^(env|file):/.test(url)) return url;
  return URL.canParse(url) && /^https?:/.test(url) ? url.replace(/\/+$/, "") : value.expected(URL_FORM);
}

function parseWebhook(value: YamlValue): Webhook {
  if (typeof value.plain === "string")
    return { url: urlOf(value), on: BAD_NEWS, method: "POST", headers: {}, template: undefined };
  const section = value.section(
    ["url", "on", "method", "headers", "template"],
    "a URL, or a section with url",
  );
  const template = section.get("template");
  const text = template?.text("a text");
  const unknown = text === undefined ? undefined : unknownPlaceholder(text);
  if (unknown !== undefined)
    template!.fail(`{{${unknown}}} is not known (known: ${TEMPLATE_NAMES.join(", ")})`);
  const headers = section.get("headers")?.entries("names and values") ?? new Map<string, YamlValue>();
  return {
    url: urlOf(section.get("url") ?? value.fail("the webhook has no url: add it")),
    on: parseEvents(section.get("on")),
    method: section.get("method")?.text("a method such as POST") ?? "POST",
    headers: Object.fromEntries([...headers].map(([name, header]) => [name, header.secret("a text")])),
    template: text,
  };
}

function parseEmail(value: YamlValue): Email {
  if (typeof value.plain === "string") return { to: [addressOf(value)], on: BAD_NEWS };
  const section = value.section(["to", "on"], "an address, or a section with to");
  const to = section.get("to") ?? value.fail("the mail has no receiver: add to:");
  const all = Array.isArray(to.plain) ? to.list("addresses").map(addressOf) : [addressOf(to)];
  return { to: all, on: parseEvents(section.get("on")) };
}

function addressOf(value: YamlValue): string {
  const text = value.text("an address such as ann@example.org");
  return text.includes("@") ? text : value.expected("an address such as ann@example.org");
}

function parseEvents(value: YamlValue | undefined): readonly NoticeEvent[] {
  if (value === undefined) return BAD_NEWS;
  const what = `some of ${NOTICE_EVENTS.join(", ")}`;
  const given = Array.isArray(value.plain) ? value.list(what) : [value];
  return given.map((one) => {
    const event = one.text(what) as NoticeEvent;
    return NOTICE_EVENTS.includes(event) ? event : one.expected(what);
  });
}

const TLS = ["always", "never", "starttls", "offered"] as const;
const SENDER = "from";
const PORTS = { always: 465, never: 25, starttls: 587, offered: 25 } as const;

export function parseSmtp(value: YamlValue): SmtpSettings {
  const section = value.section([SENDER, "host", "port", "tls", "user", "password"], "host and from");
  const need = (key: string): YamlValue => section.get(key) ?? value.fail(`there is no ${key}: add it`);
  const chosen = section.get("tls");
  const tls = (chosen?.plain ?? "offered") as SmtpSettings["tls"];
  if (!TLS.includes(tls)) chosen!.expected(`one of ${TLS.join(", ")}`);
  const [user, password] = [section.get("user"), section.get("password")];
  if (user && !password) value.fail("there is a user and no password: add it");
  const secret = password?.secret("env:NAME or file:/path");
  if (secret !== undefined && !/^(env|file):/.test(secret))
    password!.fail("expected env:NAME or file:/path: the file is no place for a password");
  return {
    host: need("host").text("a host's name"),
    port: section.get("port")?.number(1, 65_535) ?? PORTS[tls],
    tls,
    user: user?.text("a name"),
    password: secret,
    from: addressOf(need(SENDER)),
  };
}
