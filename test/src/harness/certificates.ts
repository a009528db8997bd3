/** Certificates for tests, made by openssl: an authority, whom it vouches for, and whom no longer. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "./run-program.ts";

interface KeyPair {
  certificate: string;
  key: string;
}

export interface Authority {
  /** Paths of its certificate, and of a directory of revocation lists that OpenSSL can search. */
  certificate: string;
  revocations: string;
  /** A key and its certificate; `names`: as in subjectAltName. `passphrase`: the key is encrypted with it. */
  issue(name: string, names?: string, passphrase?: string): Promise<KeyPair>;
  revoke(certificate: string): Promise<void>;
}

const CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
const CONFIGURATION = `[ca]
default_ca=own
[own]
database=index.txt
serial=serial
new_certs_dir=.
default_md=sha256
default_days=1
default_crl_days=1
policy=any
copy_extensions=copy
[any]
commonName=supplied
`;

/** Works in the directory, which must exist. */
export async function openAuthority(directory: string, name = "authority"): Promise<Authority> {
  const openssl = (...words: string[]): Promise<Buffer> => mustRun("openssl", words, { cwd: directory });
  const path = (file: string): string => join(directory, file);
  writeFileSync(path("openssl.cnf"), CONFIGURATION);
  writeFileSync(path("index.txt"), "");
  writeFileSync(path("serial"), "1000\n");
  const self = ["-keyout", "ca.key", "-out", "ca.crt"];
  await openssl("req", "-x509", ...CURVE, "-nodes", "-days", "1", ...self, "-subj", `/CN=${name}`);
  const configured = ["-config", "openssl.cnf", "-keyfile", "ca.key", "-cert", "ca.crt"];
  const hash = (await openssl("x509", "-in", "ca.crt", "-noout", "-hash")).toString().trim();
  const list = (): Promise<Buffer> => openssl("ca", ...configured, "-gencrl", "-out", `${hash}.r0`);
  await list();
  return {
    certificate: path("ca.crt"),
    revocations: directory,
    async issue(subject, names, passphrase) {
      const hidden = passphrase === undefined ? ["-nodes"] : ["-passout", `pass:${passphrase}`];
      const more = names === undefined ? [] : ["-addext", `subjectAltName=${names}`];
      const request = ["-keyout", `${subject}.key`, "-out", `${subject}.csr`, "-subj", `/CN=${subject}`];
      await openssl("req", "-new", ...CURVE, ...hidden, ...request, ...more);
      await openssl("ca", ...configured, "-batch", "-in", `${subject}.csr`, "-out", `${subject}.crt`);
      return { certificate: path(`${subject}.crt`), key: path(`${subject}.key`) };
    },
    async revoke(certificate) {
      await openssl("ca", ...configured, "-revoke", certificate);
      await list();
    },
  };
}
