/** The process' command line without what could be a secret. */

const SECRET_OPTION = /^--?(.*(?:password|passwd|secret|token|key).*?)(=.*)?$/i;

/** Passwords in URLs, and values of options whose names speak of secrets, become `(redacted)`. */
export function safeCommandLine(args: readonly string[]): string[] {
  let secret = false;
  return args.map((arg) => {
    if (secret) {
      secret = false;
      if (!arg.startsWith("-")) return "(redacted)";
    }
    const option = SECRET_OPTION.exec(arg);
    if (option?.[2] !== undefined) return `${arg.slice(0, arg.indexOf("="))}=(redacted)`;
    secret = option !== null;
    return arg.replace(/([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*):[^\s@]*@/gi, "$1:(redacted)@");
  });
}
