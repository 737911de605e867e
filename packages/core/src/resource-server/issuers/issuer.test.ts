import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { createAccessTokenVerifier } from '../index.ts';

describe('A11: accepts configured issuers only', () => {
  test('verifies each issuer with its keys and audiences', async () => {
    const one = await createTestAuthorizationServer({ issuer: 'https://one.example.test', ownKeys: true });
    const two = await createTestAuthorizationServer({ issuer: 'https://two.example.test', ownKeys: true });
    const origins: string[] = [];
    const verifier = createAccessTokenVerifier({
      issuers: [
        { issuer: one.issuer, audience: 'https://one-api.example.test' },
        { issuer: two.issuer, audience: 'https://two-api.example.test' },
      ],
      fetch: (url, init) => {
        origins.push(new URL(url).origin);
        return (url.startsWith(one.issuer) ? one : two).fetch(url, init);
      },
    });
    await verifier.verifyToken(await one.mintAccessToken({ aud: 'https://one-api.example.test' }));
    await verifier.verifyToken(await two.mintAccessToken({ aud: 'https://two-api.example.test' }));
    const foreignTokens = [
      await one.mintAccessToken({ aud: 'https://two-api.example.test' }),
      await one.mintAccessToken({ iss: two.issuer, aud: 'https://two-api.example.test' }),
      await one.mintAccessToken({ iss: 'https://evil.example.test', aud: 'https://one-api.example.test' }),
      await one.mintAccessToken({ iss: `${one.issuer}/`, aud: 'https://one-api.example.test' }),
      await one.mintAccessToken({ iss: ['https://one.example.test'] }),
      await one.mintAccessToken({ iss: '__proto__' }),
    ];
    for (const token of foreignTokens)
      await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
    expect(new Set(origins)).toEqual(new Set([one.issuer, two.issuer]));
  });
});

test('fetches the metadata of an issuer from its metadataUrl', async () => {
  const server = await createTestAuthorizationServer();
  const { issuer } = server;
  const metadataUrl = `${issuer}/policy/.well-known/openid-configuration`;
  const fetch = (url: string, init?: RequestInit) =>
    server.fetch(url === metadataUrl ? `${issuer}/.well-known/openid-configuration` : url, init);
  const audience = 'https://api.example.test';
  const token = await server.mintAccessToken({ aud: audience });
  const verifier = createAccessTokenVerifier({ issuers: [{ issuer, audience, metadataUrl }], fetch });
  await expect(verifier.verifyToken(token)).resolves.toMatchObject({ sub: 'alice' });
  const visited: string[] = [];
  const single = createAccessTokenVerifier({
    issuer,
    audience,
    metadataUrl,
    fetch: (url, init) => {
      visited.push(url);
      return fetch(url, init);
    },
  });
  await single.verifyToken(token);
  expect(visited[0]).toBe(metadataUrl);
});
