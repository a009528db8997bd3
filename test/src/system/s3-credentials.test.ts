// Credentials that are not in config.yaml: a profile of the files that Amazon's tools use, with a session token.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { fillSource, openS3World } from "../harness/s3-world.ts";

test("the profile that AWS_PROFILE names is used, from either file, with its session token", async () => {
  const temporary = {
    accessKeyId: "of-the-profile",
    secretAccessKey: "its/secret+",
    sessionToken: "its/token=",
  };
  const none = { accessKeyId: undefined, secretAccessKey: undefined };
  const s3 = await openS3World("s3-credentials", none, { credentials: [temporary] });
  const { world, on, source, directory } = s3;
  fillSource(s3, 3);
  const files = join(world.home, ".aws");
  mkdirSync(files);
  const keys = (accessKeyId: string, token = ""): string =>
    `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${temporary.secretAccessKey}\n${token}`;
  const token = `aws_session_token = ${temporary.sessionToken}\n`;
  const right = keys(temporary.accessKeyId, token);
  writeFileSync(join(files, "credentials"), `[default]\n${keys("a-stranger")}\n[backups]\n${right}`);
  world.env["AWS_PROFILE"] = "backups";
  await s3.init();
  await world.summary(on("snapshot", source));

  const config = join(directory, "elsewhere");
  writeFileSync(config, `[profile nightly]\n${right}\n[profile expired]\n${keys(temporary.accessKeyId)}`);
  const elsewhere = { AWS_CONFIG_FILE: config, AWS_PROFILE: "nightly" };
  await world.summary(on("restore", "photos", join(directory, "restored")), { env: elsewhere });
  expect(await treeHash(join(directory, "restored"))).toBe(await treeHash(source));

  const refused = [{ AWS_PROFILE: "default" }, { ...elsewhere, AWS_PROFILE: "expired" }];
  for (const env of refused) {
    const result = await world.run(on("snapshot", source, "--json"), { env });
    expect([result.code, result.stdout], env.AWS_PROFILE).toEqual([
      1,
      expect.stringContaining('"ACCESS_DENIED"'),
    ]);
  }
});
