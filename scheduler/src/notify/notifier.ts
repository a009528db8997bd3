/** Tells everybody whom a job wants told. */
import { setTimeout as delay } from "node:timers/promises";
import type { Notify, SmtpSettings, Webhook } from "../config/scheduler-config.ts";
import { secretValue } from "../config/secret-value.ts";
import { sendRequest } from "./http-request.ts";
import { type Notice, noticeValues } from "./notice.ts";
import { sendMail } from "./send-mail.ts";
import { fillTemplate } from "./template.ts";

export interface Notifier {
  /**
   * Tells who wants to be told of this event, each at most three times. Never throws: resolves with who could not be
   * told, and why.
   */
  tell(notice: Notice): Promise<string[]>;
}

export interface NotifierOptions {
  environment: NodeJS.ProcessEnv;
  /** Milliseconds before the second attempt, doubled before the third. */
  pauseMs?: number;
}

interface Channel {
  name: string;
  send(): Promise<void>;
}

const ATTEMPTS = 3;
const PAUSE_MS = 1000;

export function openNotifier(
  notify: Notify,
  smtp: SmtpSettings | undefined,
  { environment, pauseMs = PAUSE_MS }: NotifierOptions,
): Notifier {
  const failed = new Set<string>();
  return {
    async tell(notice) {
      const channels = channelsOf(notify, smtp, notice, environment);
      const results = await Promise.all(
        channels.map(async (channel) => {
          const problem = await attempt(channel, failed.has(channel.name) ? 1 : ATTEMPTS, pauseMs);
          if (problem !== undefined) failed.add(channel.name);
          return problem;
        }),
      );
      return results.filter((problem) => problem !== undefined);
    },
  };
}

async function attempt(channel: Channel, attempts: number, pauseMs: number): Promise<string | undefined> {
  for (let made = 1; ; made++) {
    try {
      await channel.send();
      return undefined;
    } catch (error) {
      if (made >= attempts) return `${channel.name}: ${(error as Error).message}`;
    }
    await delay(pauseMs * 2 ** (made - 1));
  }
}

function channelsOf(
  { pings, webhooks, emails }: Notify,
  smtp: SmtpSettings | undefined,
  notice: Notice,
  environment: NodeJS.ProcessEnv,
): Channel[] {
  const { event } = notice;
  const text = { "content-type": "text/plain; charset=utf-8" };
  return [
    ...pings.flatMap((ping, index) => {
      const target = ping[event];
      if (target === undefined) return [];
      const send = (): Promise<void> => {
        const url = secretValue(target.url, "ping", environment).replace(/\/+$/, "") + target.below;
        return sendRequest({ url, method: "POST", headers: text, body: notice.message });
      };
      return [{ name: `ping ${index + 1}`, send: async () => send() }];
    }),
    ...webhooks.flatMap((webhook, index) =>
      webhook.on.includes(event)
        ? [{ name: `webhook ${index + 1}`, send: async () => callWebhook(webhook, notice, environment) }]
        : [],
    ),
    ...emails.flatMap(({ to, on }) =>
      smtp && on.includes(event)
        ? [{ name: `mail to ${to.join(", ")}`, send: () => sendMail(smtp, to, notice, environment) }]
        : [],
    ),
  ];
}

function callWebhook(webhook: Webhook, notice: Notice, environment: NodeJS.ProcessEnv): Promise<void> {
  const { url, method, headers, template } = webhook;
  const body = template === undefined ? JSON.stringify(notice) : fillTemplate(template, noticeValues(notice));
  const json = /^\s*[[{]/.test(body);
  return sendRequest({
    url: secretValue(url, "webhook.url", environment),
    method,
    headers: {
      "content-type": json ? "application/json" : "text/plain; charset=utf-8",
      ...Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name.toLowerCase(),
          secretValue(value, `webhook.headers.${name}`, environment),
        ]),
      ),
    },
    body,
  });
}
