import { describe, expect, test } from 'vitest';
import { normalizeMetadata } from './metadata.ts';

const issuer = 'https://auth.example.test';
const normalize = (metadata: object) => normalizeMetadata({ issuer, ...metadata }, { allowInsecure: false });

const wrongTypes = [null, 5, true, {}, 'text', ''] as const;

test('C11: removes members of a wrong type that do not protect a login', () => {
  for (const value of wrongTypes) {
    for (const name of [
      'code_challenge_methods_supported',
      'id_token_signing_alg_values_supported',
      'scopes_supported',
      'response_modes_supported',
      'mtls_endpoint_aliases',
      'end_session_endpoint',
      'revocation_endpoint',
    ]) {
      const expected = name === 'mtls_endpoint_aliases' && value !== null && typeof value === 'object';
      expect(normalize({ [name]: value }), `${name}: ${JSON.stringify(value)}`).toEqual(
        expected ? { issuer, [name]: {} } : { issuer },
      );
    }
  }
  expect(normalize({ code_challenge_methods_supported: ['S256', 5, null] })).toEqual({
    issuer,
    code_challenge_methods_supported: ['S256'],
  });
});

test('removes empty lists, which RFC 8414 section 2 equates with omitted members', () => {
  for (const name of ['code_challenge_methods_supported', 'scopes_supported', 'response_types_supported'])
    expect(normalize({ [name]: [] })).toEqual({ issuer });
  expect(normalize({ code_challenge_methods_supported: [null] })).toEqual({
    issuer,
    code_challenge_methods_supported: [],
  });
});

describe('C11: rejects a wrong type of a member that protects a login', () => {
  test.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri'])('%s', (name) => {
    for (const value of [
      5,
      true,
      {},
      'text',
      ['https://a.example'],
      'http://a.example',
      'javascript:alert(1)',
    ]) {
      const rejection = expect.objectContaining({ code: 'metadata_invalid', check: name });
      expect(() => normalize({ [name]: value })).toThrow(rejection);
      expect(() => normalize({ mtls_endpoint_aliases: { [name]: value } })).toThrow(rejection);
    }
    expect(normalize({ [name]: null })).toEqual({ issuer });
    expect(normalize({ [name]: '' })).toEqual({ issuer });
  });

  test('authorization_response_iss_parameter_supported', () => {
    const name = 'authorization_response_iss_parameter_supported';
    for (const value of ['true', 1, {}, []]) {
      expect(() => normalize({ [name]: value })).toThrow(
        expect.objectContaining({ code: 'metadata_invalid', check: name }),
      );
    }
    expect(normalize({ [name]: null })).toEqual({ issuer });
    expect(normalize({ [name]: true })).toEqual({ issuer, [name]: true });
  });
});

test('accepts any value of an endpoint that is not used', () => {
  const metadata = { issuer, registration_endpoint: 'http://a.example', service_documentation: 5, op_x: {} };
  expect(normalize(metadata)).toEqual(metadata);
});
