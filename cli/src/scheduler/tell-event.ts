/** Says what the scheduler does: a line for people, a record for programs. */
import { type DaemonEvent, recordMessage } from "@datadb/scheduler";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";

export function tellEvent(output: Output, event: DaemonEvent): void {
  const { type, ...rest } = event;
  output.record({ type, ...rest });
  const text = printable(describe(event));
  const bad =
    type === "overdue" ||
    type === "rejected" ||
    type === "unread" ||
    (type === "ended" && event.record.outcome !== "success");
  if (bad) output.warn(text);
  else output.note(text);
}

function describe(event: DaemonEvent): string {
  switch (event.type) {
    case "started":
      return `${event.job}: started, due ${event.planned}${event.late ? " (catching up)" : ""}`;
    case "ended":
      return recordMessage(event.record);
    case "missed":
      return `${event.job}: missed ${event.planned}, and is not caught up`;
    case "unread":
      return `${event.job}: its history cannot be read: ${event.message}`;
    case "clock":
      return `${event.job}: ${event.message}`;
    default:
      return event.message;
  }
}
