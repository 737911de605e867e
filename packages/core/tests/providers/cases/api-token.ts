import { expect } from 'vitest';
import { clientSecretBasic } from '../../../src/index.ts';
import { createAccessTokenVerifier } from '../../../src/resource-server/index.ts';
import type { ExpectedApiToken } from '../provider-row.ts';
import type { CapabilityTest } from './capability-case.ts';
import { logIn, logInWithHolder } from './log-in.ts';

type Login = Pick<Awaited<ReturnType<typeof logIn>>, 'provider' | 'server'>;

/** Creates an API of the provider. Besides the preset, it has an audience only, or also introspection. */
function createApi(
  { provider, server }: Login,
  { audience, isIntrospected = false }: Pick<ExpectedApiToken, 'audience' | 'isIntrospected'>,
) {
  return createAccessTokenVerifier({
    provider,
    audience,
    ...(isIntrospected && { introspection }),
    fetch: server.fetch,
    now: server.clock.now,
    onEvent() {},
  });
}

const introspection = {
  clientId: 'web',
  clientAuthentication: clientSecretBasic('web-secret'),
  tokens: 'all',
} as const;

export const testApiToken: CapabilityTest<'apiToken'> = async (row, cell) => {
  const login = await logIn(row, cell);
  const { accessToken, idToken = '' } = login.tokens;
  await expect(createApi(login, cell).verifyToken(accessToken)).resolves.toMatchObject({
    sub: 'alice',
    ...cell.token,
  });
  const otherApi = createApi(login, { ...cell, audience: 'another-api' });
  await expect(otherApi.verifyToken(accessToken)).rejects.toMatchObject({ status: 401 });
  await expect(createApi(login, cell).verifyToken(idToken)).rejects.toMatchObject({ status: 401 });
};

export const testSeveralResources: CapabilityTest<'severalResources'> = async (row, cell) => {
  const login = await logInWithHolder(row, cell);
  const { resource } = cell.options ?? {};
  for (const [index, audience] of cell.audiences.entries()) {
    const request =
      resource === undefined
        ? { scope: cell.options?.scope?.split(' ').at(index - 2) }
        : { resource: audience };
    const { accessToken } = await login.coordinator.getAccessToken(login.holder, request);
    const { accessToken: token } = accessToken;
    await expect(createApi(login, { audience }).verifyToken(token)).resolves.toMatchObject({ sub: 'alice' });
    const otherAudience = cell.audiences[1 - index] ?? '';
    await expect(createApi(login, { audience: otherAudience }).verifyToken(token)).rejects.toMatchObject({
      status: 401,
    });
  }
};
