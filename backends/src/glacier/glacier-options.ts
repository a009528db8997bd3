/** The options of `glacier: { ... }`. */
import { type BackendConfig, type BackendOptions, configError } from "../backend-options.ts";

export interface GlacierOptions {
  vault: string;
  region: string | null;
  endpoint: string | null;
  /** Null: the SDK's own chain of environment, profile, container and instance. */
  credentials: { accessKeyId: string; secretAccessKey: string } | null;
  /** Bytes of records in one archive, about. */
  archiveBytes: number;
  /** Larger archives are uploaded in parts of this size: 1 MiB times a power of two. */
  partBytes: number;
  /** A dead archive is kept for so many days after its upload: until then deleting it saves nothing. */
  minimumDays: number;
  /** Where nodes, the log, what is not archived yet and what was retrieved is kept. */
  warm: { config: BackendConfig; at: string };
}

/** A vault bills an archive for so long in any case. */
const BILLED_DAYS = 90;
const MIB: number = 1024 * 1024;

/** Whether a composition has encrypt anywhere. */
function encrypts(config: unknown): boolean {
  if (typeof config !== "object" || config === null) return false;
  return Object.entries(config).some(([key, value]) => key === "encrypt" || encrypts(value));
}

/** Throws USAGE naming the key, also for a composition that would archive unencrypted what it encrypts elsewhere. */
export function glacierOptions(options: BackendOptions): GlacierOptions {
  const optional = (key: string): string | null => {
    const found = options.text(key, "\n");
    return found === "\n" ? null : found;
  };
  const accessKeyId = optional("accessKeyId");
  const secretAccessKey = optional("secretAccessKey");
  if ((accessKeyId === null) !== (secretAccessKey === null))
    throw configError(options.at, "accessKeyId and secretAccessKey belong together");
  const read = {
    vault: options.text("vault"),
    region: optional("region"),
    endpoint: optional("endpoint"),
    credentials: accessKeyId === null ? null : { accessKeyId, secretAccessKey: secretAccessKey! },
    archiveBytes: options.integer("archiveBytes", { min: 1024, max: 1024 * MIB, fallback: 64 * MIB }),
    partBytes: options.integer("partBytes", { min: MIB, max: 256 * MIB, fallback: 16 * MIB }),
    minimumDays: options.integer("minimumDays", { min: 0, max: 100_000, fallback: BILLED_DAYS }),
    warm: options.child("warm"),
  };
  const plain = options.flag("plainArchives", false);
  options.done();
  if (!plain && encrypts(read.warm.config))
    throw configError(
      `${options.at}.warm`,
      "what is archived would leave the encrypted backend and lie in the vault unencrypted: put encrypt around glacier, as in " +
        "encrypt: { key: ..., to: { glacier: { ... } } }, or say plainArchives: true",
    );
  if (!/^[A-Za-z0-9._-]{1,255}$/.test(read.vault))
    throw configError(
      `${options.at}.vault`,
      "expected the name of a vault: letters, digits, dots, dashes, underscores",
    );
  if (Math.log2(read.partBytes / MIB) % 1 !== 0)
    throw configError(`${options.at}.partBytes`, "expected 1048576 times a power of two");
  return read;
}
