import { expect, test } from 'vitest';
import { createClient, parseThirdPartyLogin } from '../../index.ts';

const client = createClient({ issuer: 'https://auth.example.test', clientId: 'web' });
const iss = 'https://auth.example.test';

test('rejects an issuer that is not configured', () => {
  for (const other of ['https://attacker.example', `${iss}/`, '', undefined]) {
    const parameters = new URLSearchParams(other === undefined ? {} : { iss: other });
    expect(() => parseThirdPartyLogin(client, parameters)).toThrow(
      expect.objectContaining({ name: 'ValidationError', code: 'request_invalid', check: 'iss' }),
    );
  }
});

test('rejects repeated parameters and targets that are not http or https URLs', () => {
  for (const [query, check] of [
    [`iss=${iss}&iss=${iss}`, 'iss'],
    [`iss=${iss}&login_hint=a&login_hint=b`, 'login_hint'],
    [`iss=${iss}&target_link_uri=javascript:alert(1)`, 'target_link_uri'],
    [`iss=${iss}&target_link_uri=/reports`, 'target_link_uri'],
  ]) {
    expect(() => parseThirdPartyLogin(client, new URLSearchParams(query))).toThrow(
      expect.objectContaining({ code: 'request_invalid', check }),
    );
  }
});

test('accepts a request without hints', () => {
  expect(parseThirdPartyLogin(client, new URLSearchParams({ iss }))).toEqual({});
});
