import { expect, test } from 'vitest';
import { createHarness } from '../conformance/harness.ts';

test('user-agent names the library, or what the application says; a browser names itself', async () => {
  const said = (name: string) => (typeof document === 'undefined' ? name : undefined);
  const plain = await createHarness();
  await plain.logIn();
  expect(plain.server.requestsTo('token')[0]?.headers['user-agent']).toBe(said('countersign'));
  const named = await createHarness({ client: { userAgent: 'reports/2.1' } });
  await named.logIn();
  expect(named.server.requestsTo('userinfo')[0]?.headers['user-agent']).toBe(said('reports/2.1'));
  expect(named.server.requestsTo('jwks')[0]?.headers['user-agent']).toBe(said('reports/2.1'));
});
