import { createTestAuthorizationServer, type TestAuthorizationServerOptions } from '@countersign/testing';
import { base64url } from 'jose';
import {
  type AccessTokenVerifierOptions,
  type AuthEvent,
  createAccessTokenVerifier,
} from '../../../src/resource-server/index.ts';

export const audience = 'https://api.example.test';

/** Creates a verifier, its issuer and a list of its events. */
export async function startVerifier(
  options: Partial<AccessTokenVerifierOptions> = {},
  serverOptions: TestAuthorizationServerOptions = {},
) {
  const server = await createTestAuthorizationServer({ resources: [audience], ...serverOptions });
  const events: AuthEvent[] = [];
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    fetch: server.fetch,
    now: server.clock.now,
    onEvent: (event) => events.push(event),
    ...options,
  } as AccessTokenVerifierOptions);
  return { server, verifier, events };
}

export const request = (authorization?: string, more: Record<string, string> = {}) => ({
  method: 'GET',
  url: '/items',
  headers: { ...more, ...(authorization !== undefined && { authorization }) },
});

/** Encodes a part of a JWT. */
export const encode = (value: unknown): string => base64url.encode(JSON.stringify(value));

/** Decodes a part of a JWT. */
export const decode = (part: string) => JSON.parse(new TextDecoder().decode(base64url.decode(part)));
