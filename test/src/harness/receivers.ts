/** Small real servers that take what is sent to people: HTTP requests and mail. */
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { afterAll } from "vitest";
import { freePort } from "./free-port.ts";

interface Received {
  method: string;
  path: string;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

export interface HttpReceiver {
  url: string;
  received: Received[];
  /** What is answered from now on. */
  status: number;
}

const closers: (() => void)[] = [];
afterAll(() => {
  for (const close of closers) close();
});

/** Takes every request, and answers `status`. */
export async function receiveHttp(): Promise<HttpReceiver> {
  const port = await freePort();
  const receiver: HttpReceiver = { url: `http://127.0.0.1:${port}`, received: [], status: 200 };
  const server = createHttpServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      receiver.received.push({ method, path: url, headers, body });
      response.writeHead(receiver.status).end("answer");
    });
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return receiver;
}

export interface Mail {
  from: string;
  to: string[];
  /** Headers and text, as they came. */
  data: string;
}

/** As much of SMTP as a client without TLS needs. */
export async function receiveMail(): Promise<{ port: number; mails: Mail[] }> {
  const port = await freePort();
  const mails: Mail[] = [];
  const server = createServer((socket) => {
    let rest = "";
    let mail: Mail = { from: "", to: [], data: "" };
    let inData = false;
    const say = (line: string): boolean => socket.write(`${line}\r\n`);
    const command = (line: string): void => {
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === "MAIL") mail = { from: line, to: [], data: "" };
      if (verb === "RCPT") mail.to.push(line.replace(/^.*<|>.*$/g, ""));
      if (verb === "DATA") {
        inData = true;
        say("354 go on");
      } else if (verb === "QUIT") {
        say("221 bye");
        socket.end();
      } else say("250 ok");
    };
    socket.setEncoding("utf8").on("data", (text: string) => {
      const lines = `${rest}${text}`.split("\r\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (!inData) command(line);
        else if (line === ".") {
          inData = false;
          mails.push(mail);
          say("250 taken");
        } else mail.data += `${line}\n`;
      }
    });
    socket.on("error", () => socket.destroy());
    say("220 test");
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { port, mails };
}
