/** datadb mount: all backups as a directory. */
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";

const MIB = 1 << 20;
const MOST_CACHE_MIB = 1 << 20;

export const mountVerb: Verb = {
  name: "mount",
  summary: "Show all backups as a directory",
  usage: "[OPTION]... DIRECTORY",
  description: [
    "Mounts the store on an empty directory, read-only, until Ctrl-C, SIGTERM or umount. latest/NAME is the newest backup, " +
      "snapshots/NAME/TIME is each one, at/NAME/TIME is the newest at or before a time; TIME may be partial, as in selectors: " +
      "at/documents/2026-11-19. New backups appear by themselves.",
    "Beside a backup that is incomplete there is a file TIME.incomplete, which names what it lacks. Which backup a directory " +
      "shows: getfattr -n user.datadb.time DIRECTORY; also .backup, .host, .path and .complete.",
    "Root needs nothing installed, others need fuse3. Linux only.",
  ],
  options: [
    { name: "daemon", help: "return as soon as it is mounted, and serve it in the background" },
    {
      name: "log",
      value: "FILE",
      help: "where --daemon tells what could not be read (default: mount.log beside what datadb remembers of stores)",
      completes: "file",
    },
    {
      name: "cache-mib",
      value: "N",
      help: "memory for content that was read, in MiB (default 128)",
      completes: "nothing",
    },
    { name: "in-daemon", help: "the process in the background", hidden: true },
  ],
  operands: { least: 1, most: 1, completes: "directory" },
  examples: [
    { line: "datadb mount /mnt/backups", does: "Look around: ls /mnt/backups/latest/documents" },
    {
      line: "datadb mount --daemon --server redis://backup:9736 ~/backups",
      does: "The same, in the background",
    },
    {
      line: "diff -r ~/documents /mnt/backups/at/documents/2026-11-19",
      does: "What has changed since that day",
    },
  ],
  run: async (context) => {
    if (!context.arguments.flag("daemon")) return await serve(context);
    const { startDaemon } = await import("./start-daemon.ts");
    return await startDaemon(context);
  },
};

async function serve(context: VerbContext): Promise<number> {
  const { arguments: args, output, signal } = context;
  const [where] = args.operands;
  const cacheMib = args.number("cache-mib", 1, MOST_CACHE_MIB);
  const { mount } = await import("@datadb/fuse");
  await withConnection(context, { job: "mount" }, async (connection) => {
    await mount(connection, where!, {
      signal,
      ...(cacheMib === undefined ? {} : { cacheBytes: cacheMib * MIB }),
      problem: (text) => output.warn(printable(text)),
      note: (text) => output.note(printable(text)),
      onMounted(directory) {
        output.note(`mounted on ${printable(directory)}; umount ${printable(directory)} ends this`);
        output.record({ type: "mounted", directory, pid: process.pid });
        process.send?.({ directory });
      },
    });
  });
  output.note("unmounted");
  return EXIT.done;
}
