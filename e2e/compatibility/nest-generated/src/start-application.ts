import {
  AuthModule,
  type AuthModuleExtras,
  type AuthModuleOptions,
  accessReport,
  formatAccessReport,
} from '@countersign/nest';
import { createTestAuthorizationServer, type TestAuthorizationServerOptions } from '@countersign/testing';
import { type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

export const audience = 'https://api.example.test';

export type Adapter = 'Express' | 'Fastify';
export const adapterNames: readonly Adapter[] = ['Express', 'Fastify'];

const createAdapter = (name: Adapter): AbstractHttpAdapter =>
  name === 'Express' ? new ExpressAdapter() : new FastifyAdapter();

export interface StartOptions {
  readonly adapter: Adapter;
  readonly auth?: Partial<AuthModuleOptions> & AuthModuleExtras;
  /** Options of the authorization server. */
  readonly server?: TestAuthorizationServerOptions;
  /** Modules that are imported before `AuthModule`. Default: none. */
  readonly first?: NonNullable<ModuleMetadata['imports']>;
  /** Receives the warnings and errors of Nest's log. Default: none. */
  readonly onLogLine?: (line: string) => void;
  /** Called before the application starts. */
  readonly before?: (app: INestApplication) => unknown;
}

export type TestApplication = Awaited<ReturnType<typeof startApplication>>;

/** Starts an application on a free port, with an issuer in the same process. */
export async function startApplication(metadata: ModuleMetadata, options: StartOptions) {
  const { adapter, auth, first = [], before, onLogLine } = options;
  const server = await createTestAuthorizationServer({ resources: [audience], ...options.server });
  const { issuer, fetch: issuerFetch, clock } = server;
  const authOptions = { issuer, audience, fetch: issuerFetch, now: clock.now, ...auth } as AuthModuleOptions;
  @Module({ ...metadata, imports: [...first, AuthModule.forRoot(authOptions), ...(metadata.imports ?? [])] })
  class TestModule {}
  const app: INestApplication = await NestFactory.create(TestModule, createAdapter(adapter), {
    logger: onLogLine ? createLogger(onLogLine) : false,
    abortOnError: false,
    snapshot: true,
  });
  try {
    await before?.(app);
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  const url = await app.getUrl();

  const call = async (path: string, token?: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    const response = await fetch(url + path, { ...init, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  };
  /** Sends a request and returns the status. */
  const getStatus = async (...args: Parameters<typeof call>) => (await call(...args)).status;
  return { app, server, url, call, getStatus, mint: server.mintAccessToken, close: () => app.close() };
}

function createLogger(onLine: (line: string) => void) {
  const read = (message: unknown) => onLine(String(message));
  const ignore = () => {};
  return { log: ignore, warn: read, error: read, fatal: read, debug: ignore, verbose: ignore };
}

/** Returns the lines of the access report, with single spaces. */
export const listReportLines = (app: INestApplication): string[] =>
  formatAccessReport(accessReport(app))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.trim().replaceAll(/ +/g, ' '));

/** Starts an application that must not start. Returns the error. */
export async function getStartError(
  metadata: ModuleMetadata,
  options: StartOptions,
): Promise<{ readonly code?: string; readonly message: string }> {
  const application = await startApplication(metadata, options).catch((error: unknown) => error as Error);
  if (application instanceof Error) return application;
  await application.close();
  return { message: 'The application has started' };
}
