/** Sends a notice as mail. */
import type { SmtpSettings } from "../config/scheduler-config.ts";
import { secretValue } from "../config/secret-value.ts";
import { type Notice, noticeValues } from "./notice.ts";

const TIMEOUT_MS = 20_000;

/** Throws what the mail server or the way to it says. */
export async function sendMail(
  smtp: SmtpSettings,
  to: readonly string[],
  notice: Notice,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  // Loaded only when there is mail to send.
  const { createTransport } = await import("nodemailer");
  const { host, port, tls, user, password = "" } = smtp;
  const transport = createTransport({
    host,
    port,
    secure: tls === "always",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "never",
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    ...(user === undefined
      ? {}
      : { auth: { user, pass: secretValue(password, "smtp.password", environment) } }),
  });
  try {
    await transport.sendMail({
      from: smtp.from,
      to: [...to],
      subject: subjectOf(notice),
      text: textOf(notice),
    });
  } finally {
    transport.close();
  }
}

function subjectOf({ event, job, host, record }: Notice): string {
  return `datadb: ${job} on ${host}: ${event === "failure" ? (record?.outcome ?? event) : event}`;
}

function textOf(notice: Notice): string {
  const lines = Object.entries(noticeValues(notice))
    .filter(([name, value]) => value !== "" && name !== "message")
    .map(([name, value]) => `${name}: ${value}`);
  return `${notice.message}\n\n${lines.join("\n")}\n`;
}
