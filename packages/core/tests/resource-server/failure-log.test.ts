import { createTestAuthorizationServer } from '@countersign/testing';
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { clientSecretBasic } from '../../src/client/wire/client-authentication.ts';
import {
  type AccessTokenVerifierOptions,
  createAccessTokenVerifier,
  createFailureLog,
  TransportError,
} from '../../src/resource-server/index.ts';
import { stubNodeEnv, unstubNodeEnv } from '../support/node-env.ts';
import { origin, startDpop } from '../support/resource-server/start-dpop.ts';

const audience = 'https://api.example.test';

let info: MockInstance<typeof console.info>;
let warn: MockInstance<typeof console.warn>;
beforeEach(() => {
  info = vi.spyOn(console, 'info').mockImplementation(() => {});
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  unstubNodeEnv();
});

async function setUp(options: Partial<AccessTokenVerifierOptions> = {}) {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    fetch: server.fetch,
    now: server.clock.now,
    ...options,
  } as AccessTokenVerifierOptions);
  const reject = async (token: Promise<string> | string) =>
    verifier.verifyToken(await token).then(
      () => Promise.reject(new Error('The token was accepted.')),
      (error: unknown) => error,
    );
  return { server, verifier, reject };
}

const readLines = (spy: MockInstance) => spy.mock.calls.map(([line]) => String(line));

test('without a listener, a rejected token is one line with what was expected and found', async () => {
  const { server, reject } = await setUp();
  await reject(server.mintAccessToken({ aud: 'https://other.example.test' }));
  expect(readLines(info)).toEqual([
    `countersign: rejected an access token: invalid_token (aud): expected "${audience}", found "https://other.example.test". explainToken() names the remedy.`,
  ]);
  expect(warn).not.toHaveBeenCalled();
});

test('in production, the line of a rejected token contains its code and check', async () => {
  const { server, reject } = await setUp();
  stubNodeEnv('production');
  await reject(server.mintAccessToken({ aud: 'https://other.example.test' }));
  expect(readLines(info)).toEqual(['countersign: rejected an access token: invalid_token (aud)']);
});

test('without a listener, an issuer with another slash is named with its remedy', async () => {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  const issuer = `${server.issuer}/`;
  const { reject } = await setUp({ issuer, fetch: server.fetch, now: server.clock.now });
  await reject(server.mintAccessToken({ iss: issuer }));
  expect(readLines(warn)).toEqual([
    `countersign: cannot fetch the keys of ${issuer}: metadata_invalid: Metadata "issuer" is "${server.issuer}", expected "${issuer}". Set the issuer to the value of the metadata: a slash at the end is significant.`,
    expect.stringContaining('countersign: cannot verify an access token (503): server_error'),
  ]);
});

test('without a listener, an unreachable issuer is named', async () => {
  const { server, reject } = await setUp({
    fetch: () => Promise.reject(new TypeError('fetch failed')),
  });
  await reject(server.mintAccessToken());
  expect(readLines(warn)).toEqual([
    expect.stringMatching(/cannot fetch the keys of \S+: network_error: .+ could not be reached/),
    expect.stringContaining('countersign: cannot verify an access token (503): network_error'),
  ]);
});

test('R8: limits the log lines of unauthenticated clients, and counts the omitted lines', async () => {
  const { server, reject } = await setUp();
  for (let count = 0; count < 500; count++) await reject(`x${count}`);
  expect(info.mock.calls).toHaveLength(10);
  // A failure of another kind still has its line.
  server.fail('jwks', { network: true, times: 5 });
  await reject(server.mintAccessToken());
  expect(readLines(warn)[0]).toContain('cannot fetch the keys');
  server.clock.advance(10);
  await reject('x');
  expect(readLines(info).at(-1)).toContain('(490 similar lines were omitted)');
  expect(info.mock.calls).toHaveLength(11);
});

test('R8: random tokens do not hide the line that names the audience', async () => {
  const { server, reject } = await setUp();
  for (let count = 0; count < 20; count++) await reject(`x${count}`);
  await reject(server.mintAccessToken({ aud: 'https://other.example.test' }));
  expect(readLines(info).at(-1)).toContain('invalid_token (aud): expected');
});

test('R8: the count of kinds is bounded', () => {
  const lines: string[] = [];
  const log = createFailureLog(
    ({ text }) => lines.push(text),
    () => 0,
  );
  for (let count = 0; count < 1_000; count++)
    log({ type: 'token.rejected', code: 'invalid_token', check: `check-${count}` });
  expect(lines).toHaveLength(210);
  for (let count = 0; count < 20; count++)
    log({ type: 'token.rejected', code: 'invalid_token', check: 'check-0' });
  expect(lines).toHaveLength(219);
});

test('without a listener, a missing token and a missing nonce are not written', async () => {
  const { verifier } = await setUp();
  const request = { method: 'GET', url: `${audience}/items`, headers: {} };
  await expect(verifier.verify(request)).rejects.toMatchObject({ code: 'token_missing' });
  const { call, prove } = await startDpop({ dpop: { origin, nonce: {} } });
  await expect(call(await prove())).rejects.toMatchObject({ code: 'use_dpop_nonce' });
  expect(readLines(info)).toEqual([]);
});

const secret = 'user=alice&password=hunter2';
const foreignErrorRemedy =
  '. Its message is not written, because it can contain a secret. The option onEvent receives it as "reason".';

test.each([
  ['', {}, `Error${foreignErrorRemedy}`],
  ['production', { code: '23505' }, 'Error 23505'],
])('C7: the message of an error of validate is not written, NODE_ENV=%s', async (environment, more, name) => {
  const validate = () => {
    throw Object.assign(new Error(secret), more);
  };
  const { server, reject } = await setUp({ validate });
  stubNodeEnv(environment);
  await reject(server.mintAccessToken());
  expect(readLines(info)).toEqual([
    `countersign: rejected an access token: invalid_token (validate): ${name}`,
  ]);
});

test('C7: the message of an unavailable dependency of validate is not written', async () => {
  const validate = () => {
    throw Object.assign(new Error(secret), { code: 'ECONNREFUSED' });
  };
  const { server, reject } = await setUp({ validate });
  await reject(server.mintAccessToken());
  expect(readLines(warn)).toEqual([
    `countersign: cannot verify an access token (503): server_error: Error ECONNREFUSED${foreignErrorRemedy}`,
  ]);
});

test('the message of a TransportError of validate is written, because the application wrote it for that', async () => {
  const validate = () => {
    throw new TransportError('store_unavailable', 'the database of members is down');
  };
  const { server, reject } = await setUp({ validate });
  await reject(server.mintAccessToken());
  expect(readLines(warn)).toEqual([
    'countersign: cannot verify an access token (503): server_error: the database of members is down',
  ]);
});

test('a listener receives the message of an error of validate, and its name for logs', async () => {
  const onEvent = vi.fn();
  const validate = () => {
    throw new TypeError(secret);
  };
  const { server, reject } = await setUp({ validate, onEvent });
  await reject(server.mintAccessToken());
  expect(onEvent).toHaveBeenLastCalledWith(
    expect.objectContaining({ type: 'token.rejected', reason: secret, errorName: 'TypeError' }),
  );
});

test('without a listener, a wrong secret for introspection is named', async () => {
  const { reject } = await setUp({
    introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('wrong') },
  });
  await reject('opaque');
  expect(readLines(warn)).toEqual([
    expect.stringMatching(/cannot verify an access token \(503\): server_error: .*invalid_client/),
  ]);
});

test('R8: failed keys of signed introspection responses cannot fill the log', async () => {
  const server = await createTestAuthorizationServer({
    resources: [audience],
    clients: [{ clientId: 'api', clientSecret: 'api-secret' }],
  });
  const { reject } = await setUp({
    issuer: server.issuer,
    fetch: server.fetch,
    now: server.clock.now,
    introspection: {
      clientId: 'api',
      clientAuthentication: clientSecretBasic('api-secret'),
      signedResponseAlg: 'RS256',
    },
  });
  await reject('opaque');
  server.clock.advance(300);
  server.fail('jwks', { network: true, times: 1_000 });
  for (let count = 0; count < 15; count++) {
    server.clock.advance(1);
    await reject(`opaque-${count}`);
  }
  const lines = readLines(warn);
  expect(lines[0]).toContain('cannot fetch the keys');
  expect(lines).toHaveLength(11);
});

test('a verifier with a listener writes nothing', async () => {
  const onEvent = vi.fn();
  const { server, reject } = await setUp({ onEvent });
  server.fail('jwks', { network: true, times: 5 });
  await reject(server.mintAccessToken());
  await reject('x');
  expect(onEvent.mock.calls.map(([event]) => [event.type, event.code])).toEqual(
    expect.arrayContaining([
      ['keys.failed', 'network_error'],
      ['token.unavailable', 'network_error'],
      ['token.rejected', 'invalid_token'],
    ]),
  );
  expect(info).not.toHaveBeenCalled();
  expect(warn).not.toHaveBeenCalled();
});
