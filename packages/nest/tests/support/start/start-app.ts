import 'reflect-metadata';
import type { ServerOptions } from 'node:https';
import { createTestAuthorizationServer, type TestAuthorizationServerOptions } from '@countersign/testing';
import type { DynamicModule, INestApplication, ModuleMetadata, NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach } from 'vitest';
import { AuthModule, type AuthModuleExtras, type AuthModuleOptions } from '../../../src/index.ts';

export const audience = 'https://api.example.test';

export type Adapter = 'express' | 'fastify';
export const adapters: readonly Adapter[] = ['express', 'fastify'];

const running: INestApplication[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

export interface StartOptions {
  readonly adapter?: Adapter;
  readonly auth?: Partial<AuthModuleOptions> & AuthModuleExtras;
  /** Creates `AuthModule` with its options. Default: `forRoot()`. */
  readonly module?: (options: AuthModuleOptions & AuthModuleExtras) => DynamicModule;
  readonly server?: TestAuthorizationServerOptions;
  /** Options of the HTTPS server. */
  readonly tls?: ServerOptions;
  readonly before?: (app: INestApplication) => void | Promise<void>;
}

/** Starts a real Nest application on a free port, with an issuer in the same process. */
export async function startApp(metadata: ModuleMetadata, options: StartOptions = {}) {
  const server = await createTestAuthorizationServer({ resources: [audience], ...options.server });
  const auth = {
    issuer: server.issuer,
    audience,
    fetch: server.fetch,
    now: server.clock.now,
    ...options.auth,
  } as AuthModuleOptions;
  const module = await Test.createTestingModule({
    ...metadata,
    imports: [(options.module ?? AuthModule.forRoot.bind(AuthModule))(auth), ...(metadata.imports ?? [])],
  }).compile();
  const app = module.createNestApplication<NestExpressApplication>(
    (options.adapter === 'fastify'
      ? new FastifyAdapter(options.tls && ({ https: options.tls } as object))
      : new ExpressAdapter()) as ExpressAdapter,
    {
      logger: false,
      ...(options.tls && {
        httpsOptions: options.tls as NonNullable<NestApplicationOptions['httpsOptions']>,
      }),
    },
  );
  await options.before?.(app);
  await app.listen(0, '127.0.0.1');
  running.push(app);
  const url = await app.getUrl();

  const call = async (path: string, token?: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    const response = await fetch(url + path, { ...init, headers });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      challenge: response.headers.get('www-authenticate'),
      body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>),
    };
  };
  return { app, server, url, call, mint: server.mintAccessToken };
}
