/** The words of a command without what could be a secret. */

const SECRET_OPTION = /^--?(.*(?:password|passwd|secret|token|key).*?)(=.*)?$/i;
/** Up to the last @: one in a password that was not percent-encoded must not show the rest of it. */
const AUTHORITY = /([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*):\S*@/gi;
const PARAMETER = /([?&][a-z]*password=)[^\s&#]*/gi;

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
    return arg.replace(AUTHORITY, "$1:(redacted)@").replace(PARAMETER, "$1(redacted)");
  });
}
