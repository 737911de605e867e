import { Rejection } from '../rejections/rejection.ts';

/** Request headers: a `Headers` object, or a record with lower-case names as in Node. */
export type RequestHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The part of a request that authenticates it. Adapters convert the framework's request to this type. */
export interface ResourceRequest {
  /** HTTP method, compared with `htm` of a DPoP proof. @see https://www.rfc-editor.org/rfc/rfc9449#section-4.3 */
  readonly method?: string | undefined;
  /** Path and query, or the absolute URL. */
  readonly url?: string | undefined;
  /** Reads `authorization`, `dpop`, `content-type` and the header in which a proxy forwards a certificate. */
  readonly headers: RequestHeaders;
  /** `rawHeaders` of a Node request. Required to detect a header that was sent twice. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** The parsed form body. Required to detect a second credential in it. @see https://www.rfc-editor.org/rfc/rfc6750#section-2.2 */
  readonly body?: unknown;
  /** The client certificate of the TLS connection, in DER. @see https://www.rfc-editor.org/rfc/rfc8705#section-3 */
  readonly clientCertificate?: Uint8Array | undefined;
}

/** An access token and its authentication scheme. */
export interface Credentials {
  /** The authentication scheme. */
  readonly scheme: 'Bearer' | 'DPoP';
  /** Never log it. */
  readonly token: string;
}

// b64token of RFC 6750 section 2.1, token68 of RFC 9110 section 11.2: any count of trailing "=", as in base32.
// The quantifiers do not overlap, so that matching takes linear time.
const credentialsPattern = /^(bearer|dpop) +([\w\-.~+/]+=*)$/i;
// RFC 9110 section 5.6.2: another character of a token continues the name of another scheme, such as "Bearer-x". A proxy may
// have joined two headers with a comma.
const schemePattern = /^[\s"',]*(bearer|dpop)(?![\w!#$%&'*+.^`|~-])|,\s*(bearer|dpop)\s/i;

/** Parses an `Authorization` header. Returns `undefined` for an absent header or another scheme. RFC 6750 section 2.1. */
export function parseAuthorization(header: string | undefined): Credentials | undefined {
  if (header === undefined) return undefined;
  const match = credentialsPattern.exec(header);
  if (match) return { scheme: match[1]?.length === 4 ? 'DPoP' : 'Bearer', token: match[2] as string };
  const malformedMatch = schemePattern.exec(header);
  if (!malformedMatch) return undefined;
  throw new Rejection('invalid_request', 'authorization', 'The Authorization header is malformed', {
    scheme: (malformedMatch[1] ?? malformedMatch[2])?.length === 4 ? 'DPoP' : 'Bearer',
  });
}

/** Finds the credentials of a request; `undefined` for an anonymous request. */
export function findCredentials(request: ResourceRequest): Credentials | undefined {
  const credentials = parseAuthorization(readSingleHeader(request, 'authorization'));
  rejectSecondCredential(request);
  return credentials;
}

/**
 * Finds the token after `Bearer` and one space. Does not check the token's syntax: the result may only be compared with
 * tokens that were verified.
 */
export function findPlainToken(request: ResourceRequest): string | undefined {
  const header = readSingleHeader(request, 'authorization');
  if (!header?.startsWith('Bearer ')) return undefined;
  rejectSecondCredential(request);
  return header.slice(7);
}

function rejectSecondCredential(request: ResourceRequest): void {
  // RFC 6750 sections 2.3 and 5.3: a token in a URL is stored in logs and histories, so it is rejected. Section 2: a client
  // must not send a token in two ways, since two readers of the request could use different ones.
  if (request.url !== undefined && hasQueryToken(request.url)) {
    throw new Rejection('invalid_request', 'query', 'An access token in the query is not accepted');
  }
  if (isForm(request) && hasBodyToken(request.body)) {
    throw new Rejection('invalid_request', 'body', 'An access token in the body is not accepted');
  }
}

/**
 * Reads a header that must not be repeated: Node and proxies differ in which of two values they use.
 *
 * @throws Rejection when it is repeated
 */
export function readSingleHeader(request: ResourceRequest, name: string): string | undefined {
  const { headers, rawHeaders } = request;
  const value = readHeader(headers, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || (rawHeaders && countHeader(rawHeaders, name) > 1)) {
    throw new Rejection('invalid_request', name, `The request has more than one ${name} header`);
  }
  return value;
}

/** Reads a member first: most requests have a record, and a missing method costs a lookup in its prototypes. */
function readHeader(headers: RequestHeaders, name: string): string | readonly string[] | undefined {
  const member = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[name];
  if (member !== undefined || typeof headers.get !== 'function') return member;
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
  // The name may be percent-encoded. A query without "%" and the name needs no parsing.
  return /%|access_token/.test(query) && new URLSearchParams(query).has('access_token');
}

function isForm(request: ResourceRequest): boolean {
  if (typeof request.body !== 'object' || request.body === null) return false;
  const type = readHeader(request.headers, 'content-type');
  return typeof type === 'string' && /^application\/x-www-form-urlencoded/i.test(type.trim());
}

const hasBodyToken = (body: unknown): boolean => Object.hasOwn(body as object, 'access_token');
