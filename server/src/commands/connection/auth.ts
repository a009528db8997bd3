/** AUTH [username] password */
import { OK, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { syntaxError, wrongPassword } from "../../dispatch/reply-errors.ts";
import type { Session } from "../../session/session.ts";

export const auth: CommandHandler = async (session, args) => {
  if (args.length > 3) throw syntaxError();
  if (args.length === 2 && !session.server.users.required) {
    throw new ReplyError(
      "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
    );
  }
  const name = args.length === 3 ? args[1]!.toString() : "default";
  await authenticate(session, name, args.at(-1)!.toString());
  return OK;
};

/**
 * Makes the session that user's. Throws WRONGPASS; the session is then who it was before. Where the configuration has no users,
 * `default` is who everybody is already, whatever the password (as redis' nopass).
 */
export async function authenticate(session: Session, name: string, password: string): Promise<void> {
  const { users } = session.server;
  if (!users.required && name === "default") return;
  const user = await users.verify(name, password);
  if (user === null) throw wrongPassword();
  session.user = user;
}
