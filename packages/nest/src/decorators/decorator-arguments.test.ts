import { describe, expect, test } from 'vitest';
import {
  MaxAge,
  RequireAcr,
  RequireAnyScope,
  RequirePermissions,
  RequireRoles,
  RequireScopes,
} from '../index.ts';

describe('A10: arguments of decorators', () => {
  test.each([Number('x'), undefined, null, '300', -1, Number.POSITIVE_INFINITY, {}])(
    '@MaxAge(%j) is rejected',
    (seconds) => {
      expect(() => MaxAge(seconds as never)).toThrow(
        expect.objectContaining({
          code: 'invalid_option',
          message: expect.stringMatching(
            /The argument of @MaxAge\(\) is .*, expected a number of seconds, 0 or more\./,
          ),
        }),
      );
    },
  );

  test.each([0, 0.5, 300])('@MaxAge(%d) is accepted', (seconds) => {
    expect(MaxAge(seconds)).toBeTypeOf('function');
  });

  const decorators = { RequireAcr, RequireAnyScope, RequirePermissions, RequireRoles, RequireScopes };
  test.each(Object.entries(decorators))('@%s without a text is rejected', (name, decorate) => {
    for (const values of [[], [''], [undefined], ['a', null], [['a']]])
      expect(() => decorate(...(values as [string]))).toThrow(
        expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(`@${name}()`) }),
      );
    expect(decorate('a', 'b')).toBeTypeOf('function');
  });
});
