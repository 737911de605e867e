import type { AccessTokenVerifier } from '@countersign/core/resource-server';
import { Controller, Get, Header, Inject, NotFoundException } from '@nestjs/common';
import { Public } from '../decorators/access.decorators.ts';
import { ACCESS_TOKEN_VERIFIER } from '../injection-tokens.ts';
import { Undocumented } from './openapi.ts';

/**
 * What this API says about itself, for clients that do not know yet where to get a token.
 *
 * @see RFC 9728 section 3
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
  metadata(): Readonly<Record<string, unknown>> {
    const { metadata } = this.#verifier;
    if (!metadata) throw new NotFoundException();
    return metadata;
  }

  /** The same for a resource that has a path: the client makes sure that it is the one it asked about. */
  @Get([':a', ':a/:b', ':a/:b/:c'])
  @Header('Cache-Control', 'public, max-age=3600')
  @Header('Access-Control-Allow-Origin', '*')
  metadataOfPath(): Readonly<Record<string, unknown>> {
    return this.metadata();
  }
}
