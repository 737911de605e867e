import {
  type AccessTokenVerifier,
  createProtectedResourceMetadataUrl,
} from '@countersign/core/resource-server';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ACCESS_TOKEN_VERIFIER } from '../injection-tokens.ts';
import { metadataPaths } from '../module-state.ts';

type HttpAdapter = HttpAdapterHost['httpAdapter'];

const basePath = '/.well-known/oauth-protected-resource';

/**
 * Serves the metadata of this API, in which clients find the authorization server: at the URL that the challenges
 * contain, and without the path of the resource.
 *
 * It is a route of the HTTP server and not a controller, because global prefixes and versions of the application would
 * change the path of a controller. The path is relative to the host (RFC 9728 section 3.1).
 *
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-3
 */
@Injectable()
export class MetadataRoute implements OnModuleInit {
  readonly #host: HttpAdapterHost;
  readonly #metadata: AccessTokenVerifier['metadata'];

  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(ACCESS_TOKEN_VERIFIER) { metadata }: AccessTokenVerifier,
  ) {
    this.#host = host;
    this.#metadata = metadata;
    // Registered as early as possible: Express uses the first route that matches, and the application may have one for all paths.
    this.#serve();
  }

  /** The providers of a testing module are created before its HTTP server. */
  onModuleInit(): void {
    this.#serve();
  }

  #serve(): void {
    // A microservice has no HTTP server.
    const { httpAdapter } = this.#host as { readonly httpAdapter?: HttpAdapter };
    if (this.#metadata && httpAdapter) serveMetadata(httpAdapter, this.#metadata);
  }
}

function serveMetadata(adapter: HttpAdapter, metadata: Readonly<Record<string, unknown>>): void {
  const { pathname } = new URL(createProtectedResourceMetadataUrl(String(metadata.resource)));
  const servedPaths = metadataPaths.get(adapter) ?? new Set();
  metadataPaths.set(adapter, servedPaths);
  for (const path of new Set([pathname, basePath])) {
    // Several modules can describe several resources. The first one is also served without a path.
    if (servedPaths.has(path)) continue;
    servedPaths.add(path);
    adapter.get(escapePath(path, adapter), (_request: unknown, response: unknown) => {
      adapter.setHeader(response, 'Cache-Control', 'public, max-age=3600');
      adapter.setHeader(response, 'Access-Control-Allow-Origin', '*');
      return adapter.reply(response, metadata, 200);
    });
  }
}

/** Escapes the characters that are patterns in the routes of Express or Fastify. */
const escapePath = (path: string, adapter: HttpAdapter): string =>
  adapter.getType() === 'fastify'
    ? decodeURI(path).replaceAll(':', '::')
    : path.replace(/[{}()[\]+?!:*\\]/g, String.raw`\$&`);
