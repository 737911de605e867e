import type { AuthorizationServerMetadata } from '../wire/server-metadata.ts';

/**
 * True if the provider supports PKCE with S256, or does not list its methods.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-2
 */
export function supportsPkce({
  code_challenge_methods_supported: methods,
}: AuthorizationServerMetadata): boolean {
  return methods === undefined || methods.includes('S256');
}
