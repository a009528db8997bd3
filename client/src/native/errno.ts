/** Turns an errno of the C library into the error that node:fs would throw for it. */
import { getSystemErrorMap } from "node:util";

/** @returns an Error with `code` (such as "ENOENT"), `errno` (negative), `syscall` and, when given, `path`. */
export function errnoError(errno: number, syscall: string, path?: string | Buffer): NodeJS.ErrnoException {
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, "unknown error"];
  const where = path === undefined ? "" : ` '${path.toString()}'`;
  const error: NodeJS.ErrnoException = new Error(`${code}: ${text}, ${syscall}${where}`);
  error.code = code;
  error.errno = -errno;
  error.syscall = syscall;
  if (path !== undefined) error.path = path.toString();
  return error;
}
