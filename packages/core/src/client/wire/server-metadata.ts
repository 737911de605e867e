import type * as oauth from 'oauth4webapi';

/**
 * Metadata of an authorization server. Member names are those of the metadata document.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-2
 */
// An interface, so that declarations of other packages name it, and not the package of the protocol library.
export interface AuthorizationServerMetadata extends oauth.AuthorizationServer {}
