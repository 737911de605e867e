import * as oauth from 'oauth4webapi';
import { fromBase64Url, textOf } from '../internal/encoding.ts';
import { findDuplicateMember } from '../internal/json.ts';
import { contextOf } from './context.ts';
import type { Client } from './create-client.ts';

/**
 * Options that let the protocol library open an encrypted JWT, and what was inside.
 *
 * @see OpenID Connect Core section 10.2
 */
export function openJwt(client: Client) {
  const { decrypt } = contextOf(client).options;
  let opened: string | undefined;
  const open = async (jwe: string) => {
    opened = await decrypt?.(jwe);
    return opened ?? '';
  };
  return {
    options: decrypt ? { [oauth.jweDecrypt]: open } : {},
    inner: (jwt: string) => opened ?? jwt,
  };
}

/** True when header or claims of a JWS have a member twice: parsers disagree about which counts (RFC 7519 section 4). */
export function hasRepeatedMember(jws: string): boolean {
  const parts = jws.split('.', 2).map((part) => textOf(fromBase64Url(part)));
  return parts.some((part) => findDuplicateMember(part) !== undefined);
}

/**
 * True when the header of a JWS names a kind that is neither absent nor plain `JWT`, as access and logout tokens do:
 * such a token must not pass for another one that the provider signs with the same key (RFC 8725 section 3.11).
 */
export function isOfAnotherKind(jws: string): boolean {
  const [header = ''] = jws.split('.', 1);
  const { typ = 'JWT' }: { typ?: unknown } = JSON.parse(textOf(fromBase64Url(header)));
  return typeof typ !== 'string' || !/^(application\/)?jwt$/i.test(typ);
}
