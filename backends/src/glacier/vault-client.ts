/** What archives need of a vault. */
import { DamagedError } from "@datadb/protocol";
import type { Tier } from "../cold-storage.ts";
import { askVault } from "./ask-vault.ts";
import type { GlacierOptions } from "./glacier-options.ts";
import { treeHash } from "./tree-hash.ts";
import { uploadArchive } from "./upload-archive.ts";

/** Bytes of an archive or inventory: `from` included, `to` excluded. */
export interface ByteRange {
  from: number;
  to: number;
}

/** An archive as an inventory names it. */
export interface InventoryArchive {
  id: string;
  description: string;
  size: number;
}

export interface VaultClient {
  /** The id of the new archive. Large ones go in parts. */
  upload(description: string, body: Buffer): Promise<string>;
  remove(archive: string): Promise<void>;
  /** The id of a job that will have the range, whose bounds are multiples of 1 MiB or the archive's end. */
  retrieve(archive: string, range: ByteRange, tier: Tier): Promise<string>;
  /** The id of a job, or null while the vault has no inventory yet. */
  takeInventory(): Promise<string | null>;
  /** Null when there is no such job any more. */
  jobState(job: string): Promise<"waiting" | "done" | "failed" | null>;
  /** What a job that is done has; null when it is there no more. Rejects when it is not what the vault holds. */
  output(job: string): Promise<Buffer | null>;
  facts(): Promise<{ archives: number; bytes: number; inventory: string | null }>;
  close(): void;
}

/** `end`: see askVault. */
export function vaultClient(options: GlacierOptions, end: AbortSignal | undefined): VaultClient {
  const vault = askVault(options, end);
  const { ask, target, close } = vault;

  const begin = async (what: string, jobParameters: object): Promise<string | null> => {
    const job = await ask(
      what,
      (sdk, client) => client.send(new sdk.InitiateJobCommand({ ...target, jobParameters })),
      null,
    );
    return job?.jobId ?? null;
  };

  return {
    upload: (description, body) => uploadArchive(vault, description, body),
    async remove(archiveId) {
      const work = "delete an archive";
      await ask(
        work,
        (sdk, client) => client.send(new sdk.DeleteArchiveCommand({ ...target, archiveId })),
        null,
      );
    },
    async retrieve(ArchiveId, { from, to }, Tier) {
      const RetrievalByteRange = `${from}-${to - 1}`;
      const parameters = { Type: "archive-retrieval", ArchiveId, Tier, RetrievalByteRange };
      const id = await begin("ask for an archive", parameters);
      if (id !== null) return id;
      throw new DamagedError(
        `glacier ${options.vault}: the archive ${ArchiveId} is not in the vault any more`,
        {
          next: "run datadb glacier sync, then datadb check, to see what is affected",
        },
      );
    },
    takeInventory: () => begin("ask for the inventory", { Type: "inventory-retrieval", Format: "JSON" }),
    async jobState(jobId) {
      const request = { ...target, jobId };
      const job = await ask(
        "look at a job",
        (sdk, client) => client.send(new sdk.DescribeJobCommand(request)),
        null,
      );
      if (job === null) return null;
      if (job.StatusCode === "Failed") return "failed";
      return job.Completed ? "done" : "waiting";
    },
    output: (jobId) =>
      ask(
        "read what a job has",
        async (sdk, client) => {
          const job = await client.send(new sdk.DescribeJobCommand({ ...target, jobId }));
          const { body } = await client.send(new sdk.GetJobOutputCommand({ ...target, jobId }));
          const bytes = Buffer.from(await body!.transformToByteArray());
          // The SDK does not compare it. Of some ranges there is none; their records have checksums of their own.
          if (job.SHA256TreeHash && job.SHA256TreeHash !== treeHash(bytes))
            throw new Error(`job ${jobId} answered other bytes than the vault holds`);
          return bytes;
        },
        null,
      ),
    async facts() {
      const found = await ask("look at the vault", (sdk, client) =>
        client.send(new sdk.DescribeVaultCommand(target)),
      );
      return {
        archives: found.NumberOfArchives ?? 0,
        bytes: found.SizeInBytes ?? 0,
        inventory: found.LastInventoryDate ?? null,
      };
    },
    close,
  };
}
