/** Uploads an archive: at once, or in parts when it is large. */
import type { AskVault } from "./ask-vault.ts";
import { treeHash } from "./tree-hash.ts";

/** The id of the new archive. */
export async function uploadArchive(
  vault: AskVault,
  archiveDescription: string,
  body: Buffer,
): Promise<string> {
  const { ask, target, options } = vault;
  if (body.length > options.partBytes) return await uploadParts(vault, archiveDescription, body);
  const request = { ...target, archiveDescription, body, checksum: treeHash(body) };
  const { archiveId } = await ask("upload an archive", (sdk, client) =>
    client.send(new sdk.UploadArchiveCommand(request)),
  );
  return archiveId!;
}

async function uploadParts(
  { ask, target, options }: AskVault,
  archiveDescription: string,
  body: Buffer,
): Promise<string> {
  const { partBytes } = options;
  const begin = { ...target, archiveDescription, partSize: String(partBytes) };
  const { uploadId } = await ask("begin an upload", (sdk, client) =>
    client.send(new sdk.InitiateMultipartUploadCommand(begin)),
  );
  for (let from = 0; from < body.length; from += partBytes) {
    const part = body.subarray(from, from + partBytes);
    const range = `bytes ${from}-${from + part.length - 1}/*`;
    const request = { ...target, uploadId, range, body: part, checksum: treeHash(part) };
    await ask("upload a part", (sdk, client) => client.send(new sdk.UploadMultipartPartCommand(request)));
  }
  const whole = { ...target, uploadId, checksum: treeHash(body), archiveSize: String(body.length) };
  const { archiveId } = await ask("end an upload", (sdk, client) =>
    client.send(new sdk.CompleteMultipartUploadCommand(whole)),
  );
  return archiveId!;
}
