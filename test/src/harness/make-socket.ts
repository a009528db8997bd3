/** A unix socket as an entry of a directory, with nobody behind it. */
import { renameSync } from "node:fs";
import { createServer } from "node:net";

export async function makeSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(`${path}.new`, resolve);
  });
  // Closing removes the socket by the name it was made with: under another name it stays.
  renameSync(`${path}.new`, path);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
