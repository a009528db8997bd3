/** Who a process is, and whether it still lives: pids are given again, and each container has its own. */
import { readFileSync, readlinkSync } from "node:fs";
import type { ProcessIdentity } from "./run-record.ts";

/** Of this process, or of another on this machine; fields that cannot be found out are empty. */
export function processIdentity(pid: number = process.pid): ProcessIdentity {
  return { pid, ticks: startTicks(pid), boot: bootId(), namespace: pidNamespace() };
}

/** False also when it cannot be known: a process of before the last boot, or of another container. */
export function isAlive(identity: ProcessIdentity): boolean {
  const { pid, ticks, boot, namespace } = identity;
  return boot === bootId() && namespace === pidNamespace() && ticks !== "" && startTicks(pid) === ticks;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const bootId = (): string => read("/proc/sys/kernel/random/boot_id").trim();

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold anything, so it is counted from its end. A zombie is dead. */
function startTicks(pid: number): string {
  const text = read(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? "" : (fields[19] ?? "");
}
