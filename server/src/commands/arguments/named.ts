/** Names of backups' things as keys: read as the type they show, whatever else is WRONGTYPE. */
import type { Meta } from "@datadb/protocol";
import { wrongType } from "../../dispatch/reply-errors.ts";
import { keyType } from "../../keyspace/index.ts";
import type { Session } from "../../session/session.ts";
import { type NamedThing, namedThing } from "../../views/named-thing.ts";
import { isReservedKey, keyPlace } from "./key-place.ts";

/** Whether a key that no database has may be the name of a meta, directory or list. */
export function mayBeNamed(session: Session, key: Buffer): boolean {
  return (
    key.length >= 40 && isReservedKey(key) && keyType(session.view, keyPlace(session, key), key) === null
  );
}

async function thingOf<Type extends NamedThing["type"]>(
  session: Session,
  key: Buffer,
  type: Type,
): Promise<Extract<NamedThing, { type: Type }> | null> {
  const thing = await namedThing(session, key);
  if (thing === null) return null;
  if (thing.type !== type) throw wrongType();
  return thing as Extract<NamedThing, { type: Type }>;
}

/** Null when there is nothing of that name. */
export async function namedMeta(session: Session, key: Buffer): Promise<Meta | null> {
  return (await thingOf(session, key, "hash"))?.meta ?? null;
}

export async function namedDirectory(session: Session, key: Buffer): Promise<Buffer | null> {
  return (await thingOf(session, key, "set"))?.directory ?? null;
}

export async function namedList(session: Session, key: Buffer): Promise<Buffer | null> {
  return (await thingOf(session, key, "list"))?.list ?? null;
}
