/** datadb key add: another key or passphrase opens the store. */
import { UsageError } from "@datadb/protocol";
import type { Secret } from "@datadb/server";
import { EXIT } from "../exit-code.ts";
import { readPassword } from "../output/read-password.ts";
import type { VerbContext } from "../verb.ts";
import { keyFields, keyName } from "./key-fields.ts";
import { withKeys } from "./with-keys.ts";

async function askForPassphrase(): Promise<Secret> {
  const { parseSecret } = await import("@datadb/server");
  const first = await readPassword("New passphrase: ");
  if (process.stdin.isTTY && (await readPassword("Once more: ")) !== first)
    throw new UsageError("the passphrases differ", "type the same one twice");
  return parseSecret("passphrase", "the passphrase", first);
}

async function readNewSecret({ arguments: args }: VerbContext, file: string | undefined): Promise<Secret> {
  const { readSecret } = await import("@datadb/server");
  const passphrase = args.text("passphrase");
  if ((file === undefined) === (passphrase === undefined))
    throw new UsageError("key add needs a key file or --passphrase, and not both", "datadb key add FILE");
  if (file !== undefined) return readSecret("key", "the key", `file:${file}`, process.cwd());
  return passphrase === "" || passphrase === undefined
    ? askForPassphrase()
    : readSecret("passphrase", "--passphrase", passphrase, process.cwd());
}

export async function addKey(context: VerbContext, [file]: readonly string[]): Promise<number> {
  const { output, arguments: args } = context;
  const secret = await readNewSecret(context, file);
  return withKeys(context, async (keys) => {
    const added = await keys.add(secret, args.text("label") ?? "");
    output.note(`${keyName(added)} opens ${keys.description} now`);
    output.record({ type: "summary", backend: keys.description, ...keyFields(added) });
    return EXIT.done;
  });
}
