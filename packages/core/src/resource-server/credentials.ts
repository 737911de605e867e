import { Rejection } from './rejections/rejection.ts';

/** Request headers: a `Headers` object, or a record with lower-case names as in Node. */
export type RequestHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The part of a request that says who is asking. Every framework's request is converted to this. */
export interface ResourceRequest {
  /** Compared with the `htm` of a DPoP proof. @see RFC 9449 section 4.3 */
  readonly method?: string | undefined;
  /** Path and query, or the whole URL. */
  readonly url?: string | undefined;
  /** Read: `authorization`, `dpop`, `content-type`, and the one in which a proxy hands on a certificate. */
  readonly headers: RequestHeaders;
  /** Node's raw header list: only it shows a header that was sent twice. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** A parsed form body, so that a second credential in it is noticed. @see RFC 6750 section 2.2 */
  readonly body?: unknown;
  /** The client's certificate in DER, of the connection. @see RFC 8705 section 3 */
  readonly clientCertificate?: Uint8Array | undefined;
}

/** An access token and the scheme that it came with. */
export interface Credentials {
  /** How the token was sent. @see RFC 6750 section 2.1, RFC 9449 section 7.1 */
  readonly scheme: 'Bearer' | 'DPoP';
  /** Never log it. */
  readonly token: string;
}

// b64token of RFC 6750 section 2.1, token68 of RFC 9110 section 11.2: it ends in any number of "=", as base32 does.
// The quantifiers cannot overlap, so matching is linear.
const syntax = /^(bearer|dpop) +([\w\-.~+/]+=*)$/i;
const scheme = /^ *(bearer|dpop)(?: |$)/i;

/**
 * Reads an `Authorization` header. Nothing is decoded here, so no input can make it throw anything but a refusal.
 *
 * @returns `undefined` when there is none, or one of another scheme: then the request is anonymous
 * @see RFC 6750 section 2.1, RFC 9449 section 7.1
 */
export function parseAuthorization(header: string | undefined): Credentials | undefined {
  if (header === undefined) return undefined;
  const match = syntax.exec(header);
  if (match) return { scheme: match[1]?.length === 4 ? 'DPoP' : 'Bearer', token: match[2] as string };
  const named = scheme.exec(header);
  if (!named) return undefined;
  throw new Rejection('invalid_request', 'authorization', 'The Authorization header is malformed', {
    scheme: named[1]?.length === 4 ? 'DPoP' : 'Bearer',
  });
}

/**
 * Finds the one credential of a request.
 *
 * @returns `undefined` for an anonymous request
 */
export function findCredentials(request: ResourceRequest): Credentials | undefined {
  const credentials = parseAuthorization(singleHeader(request, 'authorization'));
  refuseSecondCredential(request);
  return credentials;
}

/**
 * The token of a request with the plainest header, `Bearer` and one space. Whether it is well formed is not looked at:
 * only for what is then compared with tokens that are.
 */
export function findPlainToken(request: ResourceRequest): string | undefined {
  const header = singleHeader(request, 'authorization');
  if (!header?.startsWith('Bearer ')) return undefined;
  refuseSecondCredential(request);
  return header.slice(7);
}

function refuseSecondCredential(request: ResourceRequest): void {
  // RFC 6750 sections 2.3 and 5.3: a token in a URL ends up in logs and histories, so it is refused and not used;
  // section 2: no client may send a token in two ways, since the two readers of a request could take different ones.
  if (request.url !== undefined && hasQueryToken(request.url)) {
    throw new Rejection('invalid_request', 'query', 'An access token in the query is not accepted');
  }
  if (isForm(request) && hasBodyToken(request.body)) {
    throw new Rejection('invalid_request', 'body', 'An access token in the body is not accepted');
  }
}

/**
 * The value of a header that may be sent only once.
 *
 * @throws Rejection when it was sent more often: Node and proxies disagree about which one counts
 */
export function singleHeader(request: ResourceRequest, name: string): string | undefined {
  const { headers, rawHeaders } = request;
  const value = headerOf(headers, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || (rawHeaders && countHeader(rawHeaders, name) > 1)) {
    throw new Rejection('invalid_request', name, `The request has more than one ${name} header`);
  }
  return value;
}

/** A record is asked first, as most are: what it does not have costs a look-up through all its ancestors. */
function headerOf(headers: RequestHeaders, name: string): string | readonly string[] | undefined {
  const own = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[name];
  if (own !== undefined || typeof headers.get !== 'function') return own;
  return (headers as Headers).get(name) ?? undefined;
}

function countHeader(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const candidate = rawHeaders[i];
    if (candidate?.length === name.length && candidate.toLowerCase() === name) count++;
  }
  return count;
}

function hasQueryToken(url: string): boolean {
  const start = url.indexOf('?');
  if (start < 0) return false;
  const query = url.slice(start + 1);
  // The name may be percent-encoded; most queries contain neither and need not be taken apart.
  return /%|access_token/.test(query) && new URLSearchParams(query).has('access_token');
}

function isForm(request: ResourceRequest): boolean {
  if (typeof request.body !== 'object' || request.body === null) return false;
  const type = headerOf(request.headers, 'content-type');
  return typeof type === 'string' && /^application\/x-www-form-urlencoded/i.test(type.trim());
}

const hasBodyToken = (body: unknown): boolean => Object.hasOwn(body as object, 'access_token');
