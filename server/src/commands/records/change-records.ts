/** RECORDS PART, PUT, REPLACE, REMOVE, DISTRUST, ASIDE */
import { OK } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { addPart, attached } from "./attached.ts";
import { kindOf, namesOf, recordsOf } from "./parse.ts";

export const part: CommandHandler = (session, args) => {
  addPart(attached(session, args[2]!), args[3]!);
  return OK;
};

export const put: CommandHandler = async (session, args) => {
  const found = attached(session, args[2]!);
  await found.place.backend.putMany(recordsOf(found, args.slice(3)));
  return OK;
};

export const replace: CommandHandler = async (session, args) => {
  const found = attached(session, args[2]!);
  await found.place.backend.replaceMany(kindOf(args[3]!), recordsOf(found, args.slice(4)));
  return OK;
};

export const remove: CommandHandler = async (session, args) => {
  const found = attached(session, args[2]!);
  await found.place.backend.removeMany(kindOf(args[3]!), namesOf(found, args[4]!));
  return OK;
};

export const distrust: CommandHandler = async (session, args) => {
  const found = attached(session, args[2]!);
  await found.place.backend.distrustMany(kindOf(args[3]!), namesOf(found, args[4]!));
  return OK;
};

export const aside: CommandHandler = async (session, args) => {
  const found = attached(session, args[2]!);
  return await found.place.backend.setAside(kindOf(args[3]!), namesOf(found, args[4]!));
};
