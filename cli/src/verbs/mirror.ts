/** datadb mirror: shows the members of a mirror, and brings them up to each other. */
import type { Connection, MirrorMember } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { alignColumns } from "../output/align-columns.ts";
import { formatCount } from "../output/format-count.ts";
import { formatSize } from "../output/format-size.ts";
import { formatTime } from "../output/format-time.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";

export const mirror: Verb = {
  name: "mirror",
  summary: "Show the members of a mirror, and give them what they missed",
  usage: "status | sync [--refill MEMBER]",
  description: [
    "A store whose configuration composes a mirror keeps everything in several places. status shows each of them: whether it is " +
      "up, and what it lacks since when. sync tries those that are down and waits until all have everything; it can be " +
      "interrupted, and goes on at the next use of the store.",
    "A member whose packs are gone is not filled by itself, since its disk may only not be mounted: --refill says that they " +
      "are really gone.",
  ],
  options: [
    {
      name: "refill",
      value: "MEMBER",
      help: "take this member as empty, and fill it (its number is in status)",
      completes: "nothing",
    },
  ],
  operands: { least: 1, most: 1, completes: ["status", "sync"] },
  examples: [
    { line: "datadb mirror status", does: "How the members are" },
    { line: "datadb mirror sync", does: "After a disk came back: give it what it missed now" },
    { line: "datadb mirror sync --refill 2", does: "A new, empty disk instead of the second member's" },
  ],
  exits: { [EXIT.failed]: "failed, or a member is not up" },
  async run(context) {
    const { arguments: args } = context;
    const [what] = args.operands;
    const refill = args.text("refill");
    if (what !== "status" && what !== "sync")
      throw new UsageError(`datadb mirror does not know ${what}`, "give status or sync");
    if (what === "status" && refill !== undefined)
      throw new UsageError("--refill changes something: status does not", "give sync");
    return withConnection(context, { job: `mirror ${what}` }, async (connection) => {
      const members = await membersAfter(context, connection, what, refill);
      if (members.length === 0)
        throw new UsageError("the store has no mirror", "docs/configuration.md says how one is composed");
      present(context.output, members);
      return members.every(({ state }) => state === "up") ? EXIT.done : EXIT.failed;
    });
  },
};

async function membersAfter(
  { output, signal }: VerbContext,
  connection: Connection,
  what: "status" | "sync",
  refill: string | undefined,
): Promise<MirrorMember[]> {
  const { mirrorMembers, syncMirror } = await import("@datadb/client");
  if (what === "status") return mirrorMembers(connection);
  const progress = output.progress("mirror sync");
  let most = 0;
  try {
    return await syncMirror(connection, {
      signal,
      ...(refill === undefined ? {} : { refill }),
      onProgress(members) {
        const left = members.reduce((sum, { records }) => sum + records, 0);
        most = Math.max(most, left);
        const current = members.find(({ state }) => state === "behind");
        progress.update({
          entries: most - left,
          totalEntries: most,
          bytes: 0,
          current: current?.description,
        });
      },
    });
  } finally {
    progress.done();
  }
}

function missingOf({ state, records, bytes, oldest, comparing }: MirrorMember): string {
  if (state === "up") return "has everything";
  const since = oldest === null ? "" : ` since ${formatTime(oldest)}`;
  const more = comparing ? "; still to be compared" : "";
  return `misses ${formatCount(records, "record")} (${formatSize(bytes)})${since}${more}`;
}

function present(output: Output, members: readonly MirrorMember[]): void {
  const rows = members.map((member) => [
    member.member,
    printable(member.description),
    `${member.state} since ${formatTime(member.since)}`,
    missingOf(member),
  ]);
  for (const [at, line] of alignColumns(rows).entries()) {
    output.line(line);
    const { reason } = members[at]!;
    if (reason !== "") output.line(`   ${printable(reason)}`);
  }
  for (const { since, oldest, ...member } of members)
    output.record({
      type: "member",
      ...member,
      since: since.toISOString(),
      oldest: oldest?.toISOString() ?? null,
    });
  output.record({
    type: "summary",
    members: members.length,
    up: members.filter(({ state }) => state === "up").length,
    records: members.reduce((sum, { records }) => sum + records, 0),
    bytes: members.reduce((sum, { bytes }) => sum + bytes, 0),
  });
}
