/** Answers GETXATTR and LISTXATTR from the attributes of a meta. */
import type { Meta } from "@datadb/protocol";
import { ERRNO, OPCODE } from "../kernel/constants.ts";
import { bytesReply, errorReply, numberReply } from "../kernel/reply.ts";
import { type Request, readXattrBody } from "../kernel/request.ts";

const USER = Buffer.from("user.");

/**
 * An absent attribute outside `user.` is answered with EOPNOTSUPP: programs such as ls then stop asking for each file
 * whether it has an access control list.
 */
export function xattrReply(request: Request, bytes: Buffer, xattrs: Meta["xattrs"]): Buffer {
  const { size, name } = readXattrBody(bytes, request.length);
  if (request.opcode === OPCODE.listxattr) {
    const names = (xattrs ?? []).flatMap((one) => [one.name, Buffer.from([0])]);
    return sized(request, Buffer.concat(names), size);
  }
  const found = xattrs?.find((one) => one.name.equals(name));
  if (found !== undefined) return sized(request, found.value, size);
  const user = name.subarray(0, USER.length).equals(USER);
  return errorReply(request, user ? ERRNO.ENODATA : ERRNO.EOPNOTSUPP);
}

function sized(request: Request, value: Buffer, size: number): Buffer {
  if (size === 0) return numberReply(request, value.length);
  return value.length > size ? errorReply(request, ERRNO.ERANGE) : bytesReply(request, value);
}
