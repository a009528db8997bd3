/** TLS on both listeners, with a certificate made for the test. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { expect, test } from "vitest";
import { openTestServer } from "../testing/test-server.ts";

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"]);
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!hasOpenssl())("TLS by configuration (needs openssl in PATH)", async () => {
  const directory = mkdtempSync(join(tmpdir(), "datadb-tls-"));
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "1",
      "-keyout",
      key,
      "-out",
      certificate,
      ...subject,
    ],
    { stdio: "ignore" },
  );
  const server = await openTestServer(`tls: { certificate: ${certificate}, key: ${key} }`);
  try {
    const ca = readFileSync(certificate);
    const socket = connect({ port: server.port, host: "127.0.0.1", ca });
    socket.write("PING\r\nQUIT\r\n");
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    expect(String(Buffer.concat(parts))).toBe("+PONG\r\n+OK\r\n");
    const status = await new Promise((resolve, reject) => {
      const url = `${server.httpUrl.replace("http:", "https:")}/healthz`;
      request(url, { ca }, (response) => resolve(response.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
    // A client that does not speak TLS gets nothing, and does no harm.
    const plain = await server.client();
    plain.send("PING\r\n");
    expect(await plain.rest()).not.toContain("PONG");
  } finally {
    await server.close();
    rmSync(directory, { recursive: true });
  }
});

test("SHUTDOWN tells whoever runs the server, and closes without a reply", async () => {
  let asked = false;
  const server = await openTestServer("", {
    onShutdown: () => {
      asked = true;
      void server.server.close();
    },
  });
  const client = await server.client();
  client.send("SHUTDOWN\r\n");
  expect(await client.rest()).toBe("");
  expect(asked).toBe(true);
  await server.close();
});
