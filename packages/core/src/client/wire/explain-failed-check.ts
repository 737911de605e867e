import * as oauth from 'oauth4webapi';
import { toPrintableText } from '../../errors/printable-text.ts';
import type { ValidationErrorCode } from '../../errors.ts';
import { maxTriedKeys } from '../../protocol/tokens/signing-keys.ts';

/** The values of these members are not secret. Those of all others, for example "nonce", are never shown. */
const shownClaims: ReadonlySet<string> = new Set(['iss', 'aud', 'azp', 'typ', 'alg', 'issuer']);

/** What the protocol library attaches to its errors. */
interface Cause {
  readonly expected?: unknown;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly parameters?: unknown;
  readonly jwks_uri?: URL;
  readonly now?: number;
}

/** Writes what a check of the protocol library expected and found, without secrets. */
export function explainFailedCheck(error: unknown, check: string, code: ValidationErrorCode): string {
  const { code: reason, cause } = (error ?? {}) as { code?: string; cause?: unknown };
  const subject = describeSubject(code);
  if (cause instanceof Response) return explainResponse(cause, reason, subject);
  const { claims, body, header, parameters, expected, jwks_uri: address, now } = (cause ?? {}) as Cause;
  if (reason === oauth.KEY_SELECTION)
    return `${subject}: no key of ${address && address.origin + address.pathname} for "kid" ${quote(header?.kid)} and "alg" ${quote(header?.alg)} has signed it, or more than ${maxTriedKeys} keys fit. Publish the key at the provider, or check "jwks_uri".`;
  const query = parameters instanceof URLSearchParams ? Object.fromEntries(parameters) : undefined;
  const actual = (claims ?? body ?? header ?? query)?.[check];
  if (reason === oauth.JWT_TIMESTAMP_CHECK && typeof actual === 'number' && now !== undefined)
    return `${subject} "${check}" is ${actual}, and the clock of this server is at ${now}. Compare the clocks.`;
  if (shownClaims.has(check) && expected !== undefined)
    return `${subject} "${check}" is ${quote(actual)}, expected ${quote(toIssuer(expected))}.`;
  if (claims && actual === undefined) return `${subject} has no "${check}".`;
  if ((body ?? query) && actual === undefined) return `${subject}: the response has no "${check}".`;
  const detail = describeError(error);
  return `${subject}: the check "${check}" failed${detail && `: ${detail}`}.`;
}

/**
 * Returns the message of an error of the protocol library, which quotes names only. Any other error is that of a function of
 * the application, such as `decrypt`. Its message can contain what it was called with, so its name is returned.
 */
function describeError(error: unknown): string {
  const { code, message, name } = (error ?? {}) as { code?: unknown; message?: unknown; name?: unknown };
  const text = typeof code === 'string' && code.startsWith('OAUTH_') ? message : name;
  return typeof text === 'string' ? toPrintableText(text, 200) : '';
}

function explainResponse(response: Response, reason: string | undefined, subject: string): string {
  const where = response.url ? ` of ${response.url.split('?')[0]}` : '';
  if (reason === oauth.RESPONSE_IS_NOT_JSON) {
    const type = quote(response.headers.get('content-type') ?? undefined);
    return `${subject}: the content type${where} is ${type}, expected JSON. Check the issuer and the address of the endpoint.`;
  }
  return `${subject}: the status${where} is ${response.status}, expected 200. Check the issuer and the address of the endpoint.`;
}

const subjects: Partial<Record<ValidationErrorCode, string>> = {
  metadata_invalid: 'Metadata',
  keys_invalid: 'Key set',
  id_token_invalid: 'ID token',
  logout_token_invalid: 'Logout token',
  authorization_response_invalid: 'Authorization response',
  token_response_invalid: 'Token response',
  userinfo_invalid: 'Userinfo response',
  introspection_invalid: 'Introspection response',
};

const describeSubject = (code: ValidationErrorCode) => subjects[code] ?? code.replaceAll('_', ' ');

/** A URL object adds a slash to an origin. */
const toIssuer = (expected: unknown) =>
  typeof expected === 'string' ? expected.replace(/^(https?:\/\/[^/]+)\/$/, '$1') : expected;

/** Values come from unverified documents: printable, and at most 200 characters. */
const quote = (value: unknown): string =>
  value === undefined ? 'missing' : toPrintableText(JSON.stringify(value) ?? typeof value, 200);
