import type { TestAuthorizationServer } from '@countersign/testing';

/** Makes the key set of a server contain members that are `null`, and a key that is `null`, at the next request. */
export async function addNullKeyMembers(server: TestAuthorizationServer): Promise<void> {
  const response = await server.fetch(String(server.metadata.jwks_uri));
  const { keys } = (await response.json()) as { keys: object[] };
  const absent = { use: null, alg: null, key_ops: null, x5c: null, x5t: null, x5u: null };
  server.fail('jwks', {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ keys: [null, ...keys.map((key) => ({ ...key, ...absent }))] }),
    times: 100,
  });
}
