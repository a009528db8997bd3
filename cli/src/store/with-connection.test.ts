import { expect, test } from "vitest";
import { remoteServer } from "./with-connection.ts";

test("an option wins over both variables, a server's variable over the store's", () => {
  const environment = { DATADB_SERVER: "redis://env", DATADB_STORE: "/env" };
  expect(remoteServer("/store", undefined, environment)).toBeUndefined();
  expect(remoteServer(undefined, "redis://option", environment)).toBe("redis://option");
  expect(remoteServer(undefined, undefined, environment)).toBe("redis://env");
  expect(remoteServer(undefined, undefined, { DATADB_SERVER: "" })).toBeUndefined();
  expect(() => remoteServer("/store", "redis://option", {})).toThrow(
    expect.objectContaining({ code: "USAGE" }),
  );
});
