import { base64url } from 'jose';

const encode = (value: object) => base64url.encode(JSON.stringify(value));
const parseHex = (hex: string) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const toBytes = (text: string) => new TextEncoder().encode(text);

/** A key that must not verify a signature, and a function that creates such a signature. */
export interface WeakKey {
  readonly name: string;
  readonly jwk: { readonly kty: 'RSA'; readonly n: string; readonly e: string };
  readonly kid: string;
  sign(header: object, claims: object): Promise<string>;
}

/** A key of 2,048 bits with the exponent 1: the signature of a text is its padded hash (RFC 8017 section 9.2). */
const exponentOne: WeakKey = {
  name: 'the exponent 1',
  jwk: { kty: 'RSA', e: 'AQ', n: base64url.encode(new Uint8Array(256).fill(0xff)) },
  kid: 'weak',
  async sign(header, claims) {
    const data = `${encode({ alg: 'RS256', kid: 'weak', ...header })}.${encode(claims)}`;
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', toBytes(data)));
    const info = parseHex('3031300d060960864801650304020105000420');
    const padding = new Uint8Array(256 - 3 - info.length - digest.length).fill(0xff);
    return `${data}.${base64url.encode(new Uint8Array([0, 1, ...padding, 0, ...info, ...digest]))}`;
  },
};

/** A complete key pair of 1,024 bits, which can be factored. Platforms accept its signatures. */
async function createSmallKey(): Promise<WeakKey> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    { ...algorithm, modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  );
  const { n = '', e = '' } = await crypto.subtle.exportKey('jwk', publicKey);
  return {
    name: '1,024 bits',
    jwk: { kty: 'RSA', n, e },
    kid: 'small',
    async sign(header, claims) {
      const data = `${encode({ alg: 'RS256', kid: 'small', ...header })}.${encode(claims)}`;
      const signature = await crypto.subtle.sign(algorithm, privateKey, toBytes(data));
      if (!(await crypto.subtle.verify(algorithm, publicKey, signature, toBytes(data))))
        throw new Error('The platform rejects the key, so the tests would show nothing.');
      return `${data}.${base64url.encode(new Uint8Array(signature))}`;
    },
  };
}

export const weakKeys: readonly WeakKey[] = [exponentOne, await createSmallKey()];
