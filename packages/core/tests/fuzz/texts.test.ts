import fc from 'fast-check';
import { base64url as encoding } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  type AuthorizationTransaction,
  parseStepUpChallenge,
  parseThirdPartyLogin,
  validateAuthorizationResponse,
  validateFrontchannelLogout,
  validateLogoutToken,
} from '../../src/index.ts';
import { parseUntrustedJson } from '../../src/internal/json/untrusted-json.ts';
import {
  createRespondingClient,
  expectTyped,
  headerText,
  issuer,
  longTimeout,
  runs,
} from './random-response.ts';

describe('C9: any input leads to a value or a typed error', () => {
  test('C9: as a key set', longTimeout, () => {
    const key = fc.dictionary(
      fc.constantFrom('kty', 'kid', 'alg', 'use', 'crv', 'n', 'e', 'x', 'y', 'key_ops'),
      fc.oneof(fc.constantFrom('RSA', 'EC', 'OKP', 'RS256', 'sig', 'P-256', 'AQAB', 'k1'), fc.jsonValue()),
    );
    return fc.assert(
      fc.asyncProperty(fc.array(key, { maxLength: 4 }), async (keys) => {
        const respond = () =>
          new Response(JSON.stringify({ keys }), { headers: { 'content-type': 'application/json' } });
        const token = `${encoding.encode('{"alg":"RS256","kid":"k1"}')}.e30.AAAA`;
        await expectTyped(validateLogoutToken(createRespondingClient(respond).client, token));
      }),
      runs,
    );
  });

  test('C6: as an authorization response, which requires the state and one code', longTimeout, () => {
    const transaction: AuthorizationTransaction = {
      issuer,
      clientId: 'web',
      redirectUri: 'https://app.example.test/callback',
      state: 'the-state',
      codeVerifier: 'verifier',
      scope: 'openid',
      createdAt: Math.floor(Date.now() / 1000),
    };
    const parameter = fc.tuple(
      fc.constantFrom('code', 'state', 'iss', 'error', 'error_description', 'response', 'id_token', 'x'),
      fc.oneof(fc.string(), fc.constantFrom('the-state', issuer, 'code')),
    );
    return fc.assert(
      fc.asyncProperty(fc.array(parameter, { maxLength: 6 }), async (pairs) => {
        const parameters = new URLSearchParams(pairs);
        const run = validateAuthorizationResponse(
          createRespondingClient(() => new Response()).client,
          parameters,
          transaction,
        );
        await expectTyped(run);
        const accepted = await run.then(
          () => true,
          () => false,
        );
        if (!accepted) return;
        expect(parameters.getAll('state')).toEqual(['the-state']);
        expect(parameters.getAll('code')).toHaveLength(1);
        expect([[], [issuer], ['']]).toContainEqual(parameters.getAll('iss'));
      }),
      { numRuns: 1000 },
    );
  });

  test('C9: as a front-channel logout or a third-party initiated login', longTimeout, () => {
    const { client } = createRespondingClient(() => new Response());
    const parameter = fc.tuple(
      fc.constantFrom('iss', 'sid', 'login_hint', 'target_link_uri', 'x'),
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom(issuer, 'javascript:alert(1)', 'https://a.example'),
      ),
    );
    return fc.assert(
      fc.asyncProperty(fc.array(parameter, { maxLength: 5 }), async (pairs) => {
        const query = new URLSearchParams(pairs);
        await expectTyped((async () => validateFrontchannelLogout(client, query))());
        const login = await expectTyped((async () => parseThirdPartyLogin(client, query))());
        if (!login) return;
        expect(query.getAll('iss')).toEqual([issuer]);
        expect(login.targetLinkUri?.protocol ?? 'https:').toMatch(/^https?:$/);
      }),
      { numRuns: 1000 },
    );
  });
});

test('parses any WWW-Authenticate header without an error', longTimeout, () =>
  fc.assert(
    fc.property(headerText, (text) => {
      const prefixed = new Headers({
        'www-authenticate': `Bearer error="insufficient_user_authentication"${text}`,
      });
      parseStepUpChallenge(prefixed);
      parseStepUpChallenge(new Headers({ 'www-authenticate': text }));
    }),
    { numRuns: 2000 },
  ),
);

test('rejects a repeated member at any depth, and accepts an object without repetition', longTimeout, () => {
  const names = fc.constantFrom('a', 'b', '"', '\\', 'é', '\u2028', '{', '":');
  const tree = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(names, tie('any'), { maxKeys: 4 }),
  }));
  fc.assert(
    fc.property(tree.object, names, (body, name) => {
      const text = JSON.stringify(body);
      expect(parseUntrustedJson(text)).toEqual(body);
      const twice = `{"x":${text},"y":[{${JSON.stringify(name)}:1,"z":${text},${JSON.stringify(name)}:2}]}`;
      expect(() => parseUntrustedJson(twice)).toThrow('repeats a member name');
    }),
    { numRuns: 1000 },
  );
});
