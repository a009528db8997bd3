/** The S3 server of the tests as a process, that of the measured programs not being slowed by it more than by a network. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = resolve(import.meta.dirname, "../../test/src/harness/s3-server/serve.ts");

/** What a program asked of it. Bytes are those of bodies. */
export interface Traffic {
  requests: number;
  sent: number;
  received: number;
  /** Requests by operation. */
  operations: Record<string, number>;
}

export interface S3Process {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Since the last call. */
  traffic(): Promise<Traffic>;
  close(): void;
}

interface Count {
  requests: number;
  received: number;
  sent: number;
}

/** Sent and received as the program sees it. */
function trafficOf(counts: Record<string, Count>): Traffic {
  const all = Object.values(counts);
  const sum = (figure: keyof Count): number => all.reduce((total, one) => total + one[figure], 0);
  const operations = Object.fromEntries(
    Object.entries(counts).map(([name, { requests }]) => [name, requests]),
  );
  return { requests: sum("requests"), sent: sum("received"), received: sum("sent"), operations };
}

/** Starts it with these buckets, all in memory. */
export async function startS3Process(buckets: readonly string[]): Promise<S3Process> {
  const child = spawn(process.execPath, [PROGRAM, ...buckets], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the S3 server ended");
    return JSON.parse(value) as T;
  };
  const about = await next<Pick<S3Process, "endpoint" | "accessKeyId" | "secretAccessKey">>();
  return {
    ...about,
    async traffic() {
      child.stdin.write("\n");
      return trafficOf(await next());
    },
    close: () => child.stdin.end(),
  };
}
