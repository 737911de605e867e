import { expect, test } from 'vitest';
import { createHarness } from '../support/client/harness.ts';

test('sends the name of the library or the configured name as User-Agent, except in browsers', async () => {
  const toExpected = (name: string) => (typeof document === 'undefined' ? name : undefined);
  const withDefault = await createHarness();
  await withDefault.logIn();
  expect(withDefault.server.requestsTo('token')[0]?.headers['user-agent']).toBe(toExpected('countersign'));
  const configured = await createHarness({ client: { userAgent: 'reports/2.1' } });
  await configured.logIn();
  expect(configured.server.requestsTo('userinfo')[0]?.headers['user-agent']).toBe(toExpected('reports/2.1'));
  expect(configured.server.requestsTo('jwks')[0]?.headers['user-agent']).toBe(toExpected('reports/2.1'));
});
