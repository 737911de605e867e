import type { AccessTokenVerifier } from '@countersign/core/resource-server';
import { Controller, Get, Header, Inject, NotFoundException } from '@nestjs/common';
import { Public } from '../decorators/access.decorators.ts';
import { ACCESS_TOKEN_VERIFIER } from '../injection-tokens.ts';
import { Undocumented } from './openapi.ts';

/**
 * Serves the metadata of this API, in which clients find the authorization server.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-3
 */
@Public()
@Undocumented()
@Controller('.well-known/oauth-protected-resource')
export class ProtectedResourceMetadataController {
  readonly #verifier: AccessTokenVerifier;

  constructor(@Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier) {
    this.#verifier = verifier;
  }

  @Get()
  @Header('Cache-Control', 'public, max-age=3600')
  @Header('Access-Control-Allow-Origin', '*')
  getMetadata(): Readonly<Record<string, unknown>> {
    const { metadata } = this.#verifier;
    if (!metadata) throw new NotFoundException();
    return metadata;
  }

  /** RFC 9728 section 3.3: for a resource with a path, the client compares `resource` with the URL that it requested. */
  @Get([':a', ':a/:b', ':a/:b/:c'])
  @Header('Cache-Control', 'public, max-age=3600')
  @Header('Access-Control-Allow-Origin', '*')
  getPathMetadata(): Readonly<Record<string, unknown>> {
    return this.getMetadata();
  }
}
