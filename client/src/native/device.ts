/** Linux device numbers: the C library's packing of major and minor into one number. */

/** Splits `st_rdev` (of a bigint stat) into major and minor. */
export function deviceNumbers(rdev: bigint): { major: number; minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}

/** Packs major and minor (32 bits each) as `mknod` takes them. */
export function deviceId(major: number, minor: number): bigint {
  const a = BigInt(major);
  const b = BigInt(minor);
  return ((a & 0xfffn) << 8n) | (b & 0xffn) | ((b & ~0xffn) << 12n) | ((a & ~0xfffn) << 32n);
}
