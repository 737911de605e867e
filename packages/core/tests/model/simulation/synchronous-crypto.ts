import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  verify,
} from 'node:crypto';

/** The keys that the replaced Web Crypto creates. */
interface ModelKey {
  readonly type: 'public' | 'secret';
  readonly algorithm: unknown;
  readonly bytes?: Uint8Array;
  readonly publicKey?: KeyObject;
}

const importedKeys = new Map<string, KeyObject>();

/**
 * Creates the parts of Web Crypto that server sessions use. The results are those of the real functions, but no thread
 * decides their order: each operation completes in a microtask. Random values are those of the seed.
 */
export function createSynchronousCrypto(random: () => number) {
  const getRandomValues = (bytes: Uint8Array) => {
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
    return bytes;
  };
  const subtle = {
    async digest(name: string, data: Uint8Array) {
      const hash = createHash(name.replace('-', '').toLowerCase()).update(data).digest();
      return toArrayBuffer(hash);
    },
    async importKey(format: string, data: unknown, algorithm: unknown): Promise<ModelKey> {
      if (format === 'raw') return { type: 'secret', algorithm, bytes: data as Uint8Array };
      const id = JSON.stringify(data);
      const publicKey = importedKeys.get(id) ?? createPublicKey({ key: data as JsonWebKey, format: 'jwk' });
      importedKeys.set(id, publicKey);
      return { type: 'public', algorithm, publicKey };
    },
    async deriveKey(
      { salt, info }: { readonly salt: Uint8Array; readonly info: Uint8Array },
      key: ModelKey,
      algorithm: unknown,
    ): Promise<ModelKey> {
      const bytes = new Uint8Array(hkdfSync('sha256', key.bytes as Uint8Array, salt, info, 32));
      return { type: 'secret', algorithm, bytes };
    },
    async encrypt({ iv }: { readonly iv: Uint8Array }, key: ModelKey, data: Uint8Array) {
      const cipher = createCipheriv('aes-256-gcm', key.bytes as Uint8Array, iv);
      return toArrayBuffer(Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]));
    },
    async decrypt({ iv }: { readonly iv: Uint8Array }, key: ModelKey, data: Uint8Array) {
      const decipher = createDecipheriv('aes-256-gcm', key.bytes as Uint8Array, iv);
      decipher.setAuthTag(data.subarray(-16));
      return toArrayBuffer(Buffer.concat([decipher.update(data.subarray(0, -16)), decipher.final()]));
    },
    async verify(_: unknown, key: ModelKey, signature: Uint8Array, data: Uint8Array) {
      const verificationKey = { key: key.publicKey as KeyObject, dsaEncoding: 'ieee-p1363' as const };
      return verify('sha256', data, verificationKey, signature);
    },
  };
  return { subtle, getRandomValues };
}

/** Runs Node's verification of signatures without a thread. */
export function replaceNodeVerification(): void {
  const nodeCrypto = process.getBuiltinModule('node:crypto') as unknown as Record<'verify', unknown>;
  nodeCrypto.verify = (
    algorithm: string,
    data: Uint8Array,
    key: { readonly key: KeyObject },
    signature: Uint8Array,
    callback: (error: null, isValid: boolean) => void,
  ) => callback(null, verify(algorithm, data, { ...key, dsaEncoding: 'ieee-p1363' }, signature));
}

const toArrayBuffer = (bytes: Buffer): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
