import { expect, test } from 'vitest';
import { ValidationError } from '../../src/index.ts';
import { createAccessTokenVerifier } from '../../src/resource-server/index.ts';
import { createHarness, type Harness } from '../support/client/harness.ts';

const createLogin = async (audience: string, planted?: unknown) => {
  const harness: Harness = await createHarness({
    client: {
      resource: 'https://api.example.test',
      validateAccessToken: async (accessToken, expected) => {
        if (planted !== undefined) throw planted;
        const { issuer, options } = harness.client;
        const { now } = harness.server.clock;
        const verifier = createAccessTokenVerifier({ issuer, audience, now, fetch: options.fetch });
        await verifier.verifyToken(accessToken, expected);
      },
    },
  });
  return harness;
};

test('names the claim and the cause if a verifier rejects the access token of a login', async () => {
  await expect((await createLogin('https://other.example.test')).logIn()).rejects.toMatchObject({
    name: 'ValidationError',
    code: 'access_token_invalid',
    check: 'aud',
    message: expect.stringMatching(/ for "aud": The access token is for another audience/),
  });
  expect(await (await createLogin('https://api.example.test')).logIn()).toHaveProperty('accessToken');
});

test('names the check of a ValidationError of the application', async () => {
  const error = new ValidationError('access_token_invalid', 'tenant', 'The tenant is unknown.');
  await expect((await createLogin('', error)).logIn()).rejects.toMatchObject({
    check: 'tenant',
    message: expect.stringContaining('The tenant is unknown.'),
  });
});

test('rejects the access token if the function returns false', async () => {
  for (const result of [false, true, undefined]) {
    const harness = await createHarness({ client: { validateAccessToken: async () => result } });
    if (result === false)
      await expect(harness.logIn()).rejects.toMatchObject({
        name: 'ValidationError',
        code: 'access_token_invalid',
        check: 'access_token',
        message: expect.stringContaining('The result is false.'),
      });
    else expect(await harness.logIn()).toHaveProperty('accessToken');
  }
});

test('C7: shows only the name of another error, whose text may contain the token', async () => {
  for (const [error, name] of [
    [new RangeError('PLANTED.SECRET'), 'RangeError'],
    ['PLANTED.SECRET', 'string'],
  ] as const)
    await expect((await createLogin('', error)).logIn()).rejects.toMatchObject({
      check: 'access_token',
      message: `The function validateAccessToken rejected the access token: ${name}.`,
    });
});
