import { expect, test } from 'vitest';
import { createIntrospectionBudget } from './introspection-budget.ts';

test('R4: limits a token after the issuer has confirmed 20,000 others', async () => {
  const budget = createIntrospectionBudget({ burst: 1, perSecond: 1 }, () => 0);
  const request = async () => 'response';
  for (let i = 0; i <= 20_000; i++) budget.addConfirmed(`t${i}`);
  await expect(budget.run('t1', request)).resolves.toBe('response');
  await expect(budget.run('t20000', request)).resolves.toBe('response');
  await expect(budget.run('t0', request)).resolves.toBe('response');
  await expect(budget.run('t0', request)).rejects.toMatchObject({ code: 'rate_limited' });
});
