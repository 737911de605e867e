import type { Fault } from '@countersign/testing';
import { expect, test } from 'vitest';
import {
  AuthError,
  type AuthEvent,
  clientSecretPost,
  createEndSessionUrl,
  fetchUserinfo,
  revokeToken,
} from '../../src/index.ts';
import { createHarness } from '../support/client/harness.ts';
import { createJsonFailure } from '../support/client/json-failure.ts';

test('C7: errors, events and printed clients contain no secret, code, verifier or token', async () => {
  const secret = 'planted-client-secret';
  const events: AuthEvent[] = [];
  const harness = await createHarness({
    registration: { clientSecret: secret, tokenEndpointAuthMethod: 'client_secret_post' },
    client: { clientAuthentication: clientSecretPost(secret), onEvent: (event) => events.push(event) },
  });
  const { client, server } = harness;
  const secrets = new Set<string>([secret]);
  const output: unknown[] = [];
  const attempt = async (run: () => Promise<unknown>) => {
    await run().catch((error: unknown) => {
      expect(error).toBeInstanceOf(AuthError);
      output.push(error, (error as Error).cause, (error as Error).stack);
    });
    for (const { body, query } of server.requests) {
      for (const name of ['code', 'code_verifier', 'refresh_token', 'token', 'state', 'nonce']) {
        for (const value of [body[name], query[name]]) if (typeof value === 'string') secrets.add(value);
      }
    }
    for (const token of [harness.stored?.idToken, harness.stored?.accessTokens[0]?.accessToken]) {
      if (token) secrets.add(token);
    }
  };
  await attempt(() => harness.logIn());
  const faults: readonly Fault[] = [
    'id_token_iss_invalid',
    'id_token_nonce_invalid',
    'id_token_signature_invalid',
    'id_token_not_a_jwt',
    'state_invalid',
    'iss_invalid',
    'token_response_without_access_token',
    'access_token_object',
    'token_type_unknown',
    'userinfo_response_sub_invalid',
  ];
  for (const fault of faults) {
    server.faults.add(fault);
    await attempt(() => harness.logIn());
    await attempt(() => harness.refresh());
    server.faults.clear();
  }
  for (const failure of [
    createJsonFailure({ error: 'invalid_client', error_description: 'no' }, 401),
    { status: 302, headers: { location: 'https://attacker.example' } },
    { network: true },
  ] as const) {
    server.fail('token', failure);
    await attempt(() => harness.logIn());
  }
  await attempt(() => fetchUserinfo(client, 'planted-access-token', 'alice'));
  secrets.add('planted-access-token');
  server.fail('revocation', createJsonFailure({ error: 'unsupported_token_type' }, 400));
  await attempt(() => revokeToken(client, 'planted-refresh-token'));
  await attempt(() => createEndSessionUrl(client));
  const text = [...output, ...events, client].map((value) => print(value)).join('\n');
  expect(output.length).toBeGreaterThan(40);
  expect(secrets.size).toBeGreaterThan(40);
  for (const value of secrets) expect(text.includes(value), `"${value.slice(0, 6)}..." leaked`).toBe(false);
});

/** Prints all members of a value, as a logger could. */
function print(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.fromEntries(
    Object.getOwnPropertyNames(value).map((name) => [name, (value as never)[name]]),
  );
  return `${String((value as Error).message ?? '')} ${JSON.stringify(members, (_, member) => (typeof member === 'function' ? undefined : member))}`;
}
