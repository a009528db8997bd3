/** The harness itself: what the system tests rely on must be able to fail. */
import { appendFileSync, lutimesSync, mkdirSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { differences, treeHash } from "./compare-trees.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";
import { freePort } from "./free-port.ts";
import { growTree } from "./grow-tree.ts";
import { lane } from "./lanes.ts";
import { mustRun } from "./run-program.ts";
import { scratch } from "./scratch.ts";

lane("trees", ["root", { program: "rsync" }], () => {
  test("a copy is equal; one nanosecond, one byte or one entry more is seen", async () => {
    const directory = scratch("harness");
    const [left, right] = [join(directory, "left"), join(directory, "right")];
    mkdirSync(left);
    mkdirSync(right);
    await growTree(left, "harness", { entries: 600 });
    const count = await mustRun("find", [left, "-printf", "x"]);
    expect(count.length).toBeGreaterThan(500);
    // Not with rsync, which leaves the time of a directory alone when it is right to the second.
    await mustRun("cp", ["-a", "--sparse=always", `${left}/.`, right]);
    expect(await differences(left, right)).toEqual([]);
    expect(await treeHash(left)).toBe(await treeHash(right));
    await mustRun("touch", [
      "-d",
      "2001-02-03 04:05:06.000000002 UTC",
      join(right, "special/one nanosecond"),
    ]);
    expect(await differences(left, right)).toHaveLength(2);
    appendFileSync(join(right, "special/one byte"), "y");
    lutimesSync(join(right, "special/one byte"), 0, 0);
    mkdirSync(join(right, "awkward/more"));
    expect((await differences(left, right)).length).toBeGreaterThan(5);
    expect(await treeHash(left)).not.toBe(await treeHash(right));
  });
});

test("the proxy passes exactly the bytes it should, then resets", async () => {
  const port = await freePort();
  let got = 0;
  const server = createServer((socket) =>
    socket.on("data", (part) => (got += part.length)).on("error", () => undefined),
  );
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const proxy = await startCuttingProxy({ port }, () => 1000);
  await new Promise<void>((resolve) => {
    const socket = connect(proxy.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.write(Buffer.alloc(5000));
  });
  expect(proxy.cuts()).toBe(1);
  expect(got).toBe(1000);
  await proxy.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});
