// The strict S3 server as a process: for measurements, and to try the command against. Buckets are named as arguments. Prints one line of
// JSON with endpoint and credentials; each line on its input is answered with the counts since the last one.
import { createInterface } from "node:readline";
import { startS3Server } from "./start-s3-server.ts";

const server = await startS3Server({ buckets: process.argv.slice(2) });
const { endpoint, region, credentials } = server;
console.log(JSON.stringify({ endpoint, region, ...credentials }));
const input = createInterface({ input: process.stdin });
input.on("line", () => {
  console.log(JSON.stringify(server.counts()));
  server.resetCounts();
});
// Whoever started it is gone.
input.on("close", () => void server.close());
