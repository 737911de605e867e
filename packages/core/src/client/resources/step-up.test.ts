import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { parseStepUpChallenge } from '../../index.ts';

describe('parseStepUpChallenge (RFC 9470)', () => {
  const parse = (header: string) => parseStepUpChallenge(new Headers({ 'www-authenticate': header }));

  test('reads the required login', () => {
    expect(
      parse(
        'Bearer error="insufficient_user_authentication", error_description="more", acr_values="silver gold", max_age="5"',
      ),
    ).toEqual({ acrValues: ['silver', 'gold'], maxAge: 5 });
    expect(
      parse('Basic realm="x", DPoP algs="ES256", error="insufficient_user_authentication", max_age=0'),
    ).toEqual({
      maxAge: 0,
    });
  });

  test('returns undefined for other challenges', () => {
    for (const header of [
      'Bearer',
      'Bearer error="invalid_token"',
      'Negotiate abc==',
      '"',
      'Bearer error=',
    ]) {
      expect(parse(header)).toBeUndefined();
    }
    expect(parseStepUpChallenge(new Headers())).toBeUndefined();
    expect(parse('Bearer error="insufficient_user_authentication", max_age="-1"')).toEqual({});
  });

  test('validates that the login satisfies the challenge', async () => {
    const harness = await createHarness();
    const stepUp = parse('Bearer error="insufficient_user_authentication", acr_values="gold", max_age="60"');
    harness.server.clock.advance(100);
    const tokens = await harness.logIn(stepUp);
    expect(tokens.claims).toMatchObject({ acr: 'gold', auth_time: expect.any(Number) });
    harness.server.faults.add('id_token_acr_other');
    await expect(harness.logIn(stepUp)).rejects.toMatchObject({ code: 'id_token_invalid', check: 'acr' });
  });
});
