import { describe, expect, test } from 'vitest';
import { parseChallenges } from './challenges.ts';

describe('parseChallenges', () => {
  test('parses several challenges, quoted strings and token68', () => {
    expect(
      parseChallenges('Bearer realm="a, \\"b\\" c", Negotiate dG9rZW4=, DPoP algs="ES256 RS256",error=x'),
    ).toEqual([
      { scheme: 'bearer', parameters: { realm: 'a, "b" c' } },
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'dpop', parameters: { algs: 'ES256 RS256', error: 'x' } },
    ]);
  });

  test('treats names of Object.prototype as parameters', () => {
    const [challenge] = parseChallenges('Bearer __proto__="x", constructor=y');
    expect(Object.keys(challenge?.parameters ?? {})).toEqual(['__proto__', 'constructor']);
  });
});
