import { type AesKey, decryptParts, deriveBytes, encryptParts, importAesKey } from '#platform';
import { ConfigurationError } from '../../errors.ts';
import { encodeUtf8, toBase64Url } from '../../internal/encoding.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { checkJsonLimits, parseUntrustedObject, storedLimits } from '../../internal/json/untrusted-json.ts';

/** The purpose of a sealed value. A value for one purpose is rejected for every other. */
export type SealPurpose = 'session' | 'stored-session' | 'login' | 'login-state' | 'logout' | 'marker';

/** Encrypts and authenticates JSON with the application's secrets. */
export interface Sealer {
  /** @param times seconds since the epoch; encrypted with the payload, and checked by {@link Sealer.decrypt} */
  encrypt(
    payload: JsonObject,
    times: { readonly issuedAt: number; readonly expiresAt: number },
  ): Promise<string>;
  /** Returns the length of the encrypted payload. */
  measure(payload: JsonObject): number;
  /**
   * Returns the payload with its expiry `exp`. Returns `undefined` for a value that was not encrypted with one of the
   * secrets for this purpose, or is expired.
   */
  decrypt(value: string, time: number): Promise<(JsonObject & { readonly exp: number }) | undefined>;
}

interface PurposeKey {
  /** The encoded protected header. It names purpose and key, and is authenticated with the payload. */
  readonly header: string;
  readonly key: AesKey;
}

/** Minimum characters of a secret: 32 random bytes are 43 base64url characters or 64 hexadecimal digits. */
const minSecretLength = 32;

/**
 * Creates a sealer. Sealed values are compact JWE, `dir` with `A256GCM`, with one derived key per secret and purpose.
 * The first secret encrypts, all of them decrypt, so that a secret can be replaced without ending sessions.
 *
 * @throws ConfigurationError if there is no secret, or one is too short
 * @see https://www.rfc-editor.org/rfc/rfc7516
 * @see https://www.rfc-editor.org/rfc/rfc5869
 */
export function createSealer(secrets: readonly string[], purpose: SealPurpose): Sealer {
  requireSecrets(secrets);
  let keysPromise: Promise<readonly PurposeKey[]> | undefined;
  let keys: readonly PurposeKey[] | undefined;
  const headerLength = createHeader('12345678', purpose).length;
  const loadKeys = async () => {
    keysPromise ??= Promise.all(secrets.map((secret) => deriveKey(secret, purpose)));
    keys = await keysPromise;
    return keys;
  };

  return {
    async encrypt(payload, { issuedAt, expiresAt }) {
      const [first] = keys ?? (await loadKeys());
      const { header, key } = first as PurposeKey;
      const plaintext = JSON.stringify({ ...payload, iat: issuedAt, exp: expiresAt });
      requireReadable(plaintext);
      return `${header}..${await encryptParts(key, header, plaintext)}`;
    },
    measure(payload) {
      const plaintext = JSON.stringify({ ...payload, iat: maxTime, exp: maxTime });
      const ciphertext = Math.ceil((encodeUtf8(plaintext).length * 4) / 3);
      return headerLength + '..'.length + 16 + '.'.length + ciphertext + '.'.length + 22;
    },
    async decrypt(value, time) {
      // Decoders ignore characters that are not base64url: several texts would decode to one value.
      if (!/^[\w.-]+$/.test(value)) return undefined;
      const [header = '', encryptedKey, iv, ciphertext, tag, furtherPart] = value.split('.', 6);
      if (encryptedKey !== '' || furtherPart !== undefined || iv?.length !== 16 || tag?.length !== 22)
        return undefined;
      // The complete header is compared, and authenticated as additional data: the sender chooses neither algorithm nor purpose.
      const purposeKey = (keys ?? (await loadKeys())).find((each) => each.header === header);
      if (!purposeKey || !ciphertext) return undefined;
      try {
        const text = await decryptParts(purposeKey.key, header, { iv, ciphertext, tag });
        const payload = parseUntrustedObject(text, { limits: storedLimits });
        const { iat, ...rest } = payload;
        const { exp } = rest;
        // The browser's Max-Age does not bind an attacker who has copied the cookie.
        return typeof iat === 'number' && typeof exp === 'number' && exp > time
          ? { ...rest, exp }
          : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

/** Rejects a payload that exceeds the limits of {@link Sealer.decrypt}: it would end the session at the next request. */
function requireReadable(plaintext: string): void {
  if (typeof checkJsonLimits(plaintext, storedLimits) === 'number') return;
  const { maxDepth, maxLength, maxValues } = storedLimits;
  throw new ConfigurationError(
    'invalid_option',
    `The session data is too large: expected at most ${maxDepth} levels, ${maxLength} characters and ` +
      `${maxValues} values of JSON. Store large data in a database and its key in the session.`,
  );
}

/** @throws ConfigurationError if there is no secret, or one is too short to be random */
export function requireSecrets(secrets: readonly string[]): void {
  if (secrets.length === 0)
    throw new ConfigurationError(
      'missing_option',
      'The option "secret" is missing. Create one: openssl rand -base64 32',
    );
  for (const secret of secrets as readonly unknown[]) {
    if (typeof secret === 'string' && secret.length >= minSecretLength) continue;
    const actual =
      typeof secret === 'string' ? `a text of ${secret.length} characters` : `a ${typeof secret}`;
    throw new ConfigurationError(
      'invalid_option',
      `"secret" is ${actual}, expected at least ${minSecretLength} random characters. Create one: openssl rand -base64 32`,
    );
  }
}

async function deriveKey(secret: string, purpose: SealPurpose): Promise<PurposeKey> {
  const bytes = encodeUtf8(secret);
  const info = `countersign ${purpose}`;
  const raw = await deriveBytes(bytes, info, 32);
  const kid = toBase64Url(await deriveBytes(bytes, `${info} key id`, 6));
  return { header: createHeader(kid, purpose), key: await importAesKey(raw) };
}

const createHeader = (kid: string, purpose: SealPurpose) =>
  toBase64Url(encodeUtf8(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid, purpose })));

/** Seconds since the epoch, with as many digits as any time of a session. */
const maxTime = 9_999_999_999;
