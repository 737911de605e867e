import { type AesKey, decryptParts, deriveBytes, encryptParts, importAesKey } from '#platform';
import { ConfigurationError } from '../../errors.ts';
import { encodeUtf8, toBase64Url } from '../../internal/encoding.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { checkJsonLimits, parseUntrustedObject, storedLimits } from '../../internal/json/untrusted-json.ts';

/** What a sealed value is for. A value sealed for one purpose never opens as another. */
export type SealPurpose = 'session' | 'stored-session' | 'login' | 'marker';

/** Seals JSON so that only holders of the secret can read or make it. */
export interface Sealer {
  /** @param expiresAt seconds since the epoch; sealed inside, and checked on opening */
  seal(
    payload: JsonObject,
    times: { readonly issuedAt: number; readonly expiresAt: number },
  ): Promise<string>;
  /**
   * The payload, and `exp`, when it ends; `undefined` for anything that was not sealed with one of the secrets for this
   * purpose, or is over.
   */
  open(value: string, time: number): Promise<(JsonObject & { readonly exp: number }) | undefined>;
}

interface PurposeKey {
  /** The protected header, encoded; it names purpose and key, and is authenticated with the rest. */
  readonly header: string;
  readonly key: AesKey;
}

/** Characters of a secret at least: 32 random bytes are 43 base64url characters, 32 hexadecimal bytes 64. */
const minSecretLength = 32;

/**
 * Sealed values are compact JWE, `dir` with `A256GCM`, one key per secret and purpose, derived once.
 * The first secret seals, all of them open: so a secret can be replaced without ending sessions.
 *
 * @throws ConfigurationError when there is no secret, or one is too short
 * @see RFC 7516, RFC 5869
 */
export function createSealer(secrets: readonly string[], purpose: SealPurpose): Sealer {
  requireSecrets(secrets);
  let keys: Promise<readonly PurposeKey[]> | undefined;
  let ready: readonly PurposeKey[] | undefined;
  const load = async () => {
    keys ??= Promise.all(secrets.map((secret) => deriveKey(secret, purpose)));
    ready = await keys;
    return ready;
  };

  return {
    async seal(payload, { issuedAt, expiresAt }) {
      const [first] = ready ?? (await load());
      const { header, key } = first as PurposeKey;
      const plaintext = JSON.stringify({ ...payload, iat: issuedAt, exp: expiresAt });
      requireReadable(plaintext);
      return `${header}..${await encryptParts(key, header, plaintext)}`;
    },
    async open(value, time) {
      // Decoders read over what is not base64url: one text would be many.
      if (!/^[\w.-]+$/.test(value)) return undefined;
      const [header = '', encryptedKey, iv, ciphertext, tag, more] = value.split('.', 6);
      if (encryptedKey !== '' || more !== undefined || iv?.length !== 16 || tag?.length !== 22)
        return undefined;
      // The header is compared whole, and authenticated as additional data: neither algorithm nor purpose is the sender's choice.
      const found = (ready ?? (await load())).find((each) => each.header === header);
      if (!found || !ciphertext) return undefined;
      try {
        const text = await decryptParts(found.key, header, { iv, ciphertext, tag });
        const payload = parseUntrustedObject(text, { limits: storedLimits });
        const { iat, ...rest } = payload;
        const { exp } = rest;
        // The browser's Max-Age binds nobody who has copied the cookie.
        return typeof iat === 'number' && typeof exp === 'number' && exp > time
          ? { ...rest, exp }
          : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

/** What could not be read again would end the session at the next request, so it is not sealed. */
function requireReadable(plaintext: string): void {
  if (typeof checkJsonLimits(plaintext, storedLimits) === 'number') return;
  const { maxDepth, maxLength, maxValues } = storedLimits;
  throw new ConfigurationError(
    'invalid_option',
    `The session data is too large: it may nest ${maxDepth} levels deep and have ${maxLength} characters and ` +
      `${maxValues} values of JSON. Keep large data in a database and its key in the session.`,
  );
}

/** @throws ConfigurationError when there is none, or one is too short to be random */
export function requireSecrets(secrets: readonly string[]): void {
  if (secrets.length === 0)
    throw new ConfigurationError('missing_option', 'secret is missing. Make one: openssl rand -base64 32');
  if (secrets.some((secret) => typeof secret !== 'string' || secret.length < minSecretLength)) {
    throw new ConfigurationError(
      'invalid_option',
      `Each secret must have at least ${minSecretLength} characters, chosen at random. Make one: openssl rand -base64 32`,
    );
  }
}

async function deriveKey(secret: string, purpose: SealPurpose): Promise<PurposeKey> {
  const bytes = encodeUtf8(secret);
  const info = `countersign ${purpose}`;
  const raw = await deriveBytes(bytes, info, 32);
  const kid = toBase64Url(await deriveBytes(bytes, `${info} key id`, 6));
  const header = JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid, purpose });
  return { header: toBase64Url(encodeUtf8(header)), key: await importAesKey(raw) };
}
