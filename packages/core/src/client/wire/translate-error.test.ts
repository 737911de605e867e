import * as oauth from 'oauth4webapi';
import { expect, test } from 'vitest';
import { ValidationError } from '../../errors.ts';
import { translateError } from './translate-error.ts';

const planted = 'PLANTED.SECRET';
const translate = (error: unknown) =>
  translateError(error, { code: 'token_response_invalid', check: 'id_token' });

test.each([
  new Error(`KMS (key ${planted}): cannot decrypt ${planted}`),
  Object.assign(new TypeError(planted), { code: 'ERR_INVALID_ARG', cause: new Error(planted) }),
  planted,
  { message: planted, code: 5 },
  undefined,
  null,
])("C7: the text of an error of the application's own function is not shown: %s", (error) => {
  const translated = translate(error);
  expect(translated).toBeInstanceOf(ValidationError);
  expect(translated.message).toMatch(/^Token response: the check "id_token" failed/);
  expect(JSON.stringify([translated.message, translated.stack, translated.cause])).not.toContain(planted);
});

test('the text of an error of the protocol library is shown', () => {
  const error = new oauth.OperationProcessingError('"response" is not valid', {
    code: oauth.INVALID_RESPONSE,
  });
  expect(translate(error).message).toContain('is not valid');
});

test('C7: the query of the address of a key set is not shown', () => {
  const error = new oauth.OperationProcessingError('no key', {
    code: oauth.KEY_SELECTION,
    cause: {
      header: { kid: 'k', alg: 'RS256' },
      jwks_uri: new URL(`https://op.example/keys?token=${planted}`),
    },
  });
  const { message } = translate(error);
  expect(message).toContain('no key of https://op.example/keys for "kid" "k"');
  expect(message).not.toContain(planted);
});
