/** Which room may use which, and why. Everything that is not here is forbidden. */

export interface Arrow {
  from: string;
  to: string;
  why: string;
}

export const ARROWS: readonly Arrow[] = [
  { from: "backends", to: "protocol", why: "a backend keeps records, whose bytes the protocol defines" },
  { from: "server", to: "protocol", why: "commands, replies, nodes and log records are the protocol's" },
  { from: "server", to: "backends", why: "the blob store writes its records to a backend" },
  { from: "client", to: "protocol", why: "the client speaks the wire language and builds trees of nodes" },
  { from: "fuse", to: "protocol", why: "directories, lists and metas are the protocol's" },
  {
    from: "fuse",
    to: "client",
    why: "it reads a store over a Connection, and its times are those of selectors",
  },
  { from: "scheduler", to: "protocol", why: "errors of configuration and runs are datadb's own" },
  {
    from: "scheduler",
    to: "client",
    why: "a run is a few calls of the client's library; openers of stores come in as parameters",
  },
  { from: "cli", to: "protocol", why: "errors become messages and exit codes" },
  {
    from: "cli",
    to: "server",
    why: "the command works without a daemon: it opens the store in its own process",
  },
  { from: "cli", to: "client", why: "every verb is a few calls of the client's library" },
  { from: "cli", to: "fuse", why: "the verb mount opens the store and hands its connection over" },
  {
    from: "cli",
    to: "scheduler",
    why: "the verb scheduler is the daemon with the command's way to open stores",
  },
  { from: "test", to: "protocol", why: "hostile clients are made with the protocol's own builders" },
  { from: "test", to: "backends", why: "the contract suite runs on backends against servers of the tests" },
  { from: "test", to: "server", why: "damage is done to a store's own files" },
  { from: "test", to: "client", why: "wire tests talk to a server without the command" },
  { from: "test", to: "cli", why: "system tests start the command; house tests read its table of verbs" },
  { from: "bench", to: "cli", why: "the bench measures the command as a user starts it" },
];
