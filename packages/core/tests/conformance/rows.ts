import type { Endpoint, Lie } from '@countersign/testing';
import type { AuthorizationRequest } from '../../src/index.ts';
import type { HarnessOptions, Refusal } from './harness.ts';

/** A: the client must complete the flow. R: it must refuse. A/R: either, and ours is written down. */
export type Verdict = 'A' | 'R' | 'A/R';

/** One module of the OpenID Foundation's suite for relying parties. */
export interface Row {
  readonly id: string;
  readonly module: string;
  readonly verdict: Verdict;
  readonly options?: HarnessOptions;
  readonly request?: AuthorizationRequest;
  /** Told during login. */
  readonly lies?: readonly Lie[];
  /** Told after login, before a refresh. */
  readonly refreshLies?: readonly Lie[];
  readonly refresh?: boolean;
  /** For R, and for A/R where we refuse. */
  readonly refusal?: Refusal & { readonly after: Endpoint };
}

const idToken = (check: string, after: Endpoint = 'token') => ({
  error: 'ValidationError' as const,
  code: 'id_token_invalid',
  check,
  after,
});
const response = (check: string) => ({
  error: 'ValidationError' as const,
  code: 'authorization_response_invalid',
  check,
  after: 'authorization' as const,
});
/** A signed response is held against the keys, so they are fetched before its claims are looked at. */
const signedResponse = (check: string) => ({ ...response(check), after: 'jwks' as const });
const metadata = (check: string) => ({
  error: 'ValidationError' as const,
  code: 'metadata_invalid',
  check,
  after: 'discovery' as const,
});

/** Section 1: OpenID Connect Core. Modules with steps of their own are written out in `openid.test.ts`. */
export const openidRows: readonly Row[] = [
  { id: '1', module: 'oidcc-client-test', verdict: 'A' },
  {
    id: '2',
    module: 'oidcc-client-test-invalid-iss',
    verdict: 'R',
    lies: ['id_token_iss_invalid'],
    refusal: idToken('iss'),
  },
  {
    id: '3',
    module: 'oidcc-client-test-missing-sub',
    verdict: 'R',
    lies: ['id_token_sub_missing'],
    refusal: idToken('sub'),
  },
  {
    id: '4',
    module: 'oidcc-client-test-invalid-aud',
    verdict: 'R',
    lies: ['id_token_aud_invalid'],
    refusal: idToken('aud'),
  },
  {
    id: '5',
    module: 'oidcc-client-test-missing-iat',
    verdict: 'R',
    lies: ['id_token_iat_missing'],
    refusal: idToken('iat'),
  },
  {
    id: '6',
    module: 'oidcc-client-test-kid-absent-single-jwks',
    verdict: 'A',
    options: { server: { decoyKeys: true } },
    lies: ['id_token_kid_missing', 'jwks_without_kid'],
  },
  {
    id: '9',
    module: 'oidcc-client-test-idtoken-sig-none',
    verdict: 'A/R',
    lies: ['id_token_alg_none'],
    refusal: idToken('alg'),
  },
  {
    id: '8',
    module: 'oidcc-client-test-idtoken-sig-rs256',
    verdict: 'A',
    options: { server: { metadata: { id_token_signing_alg_values_supported: ['RS256'] } } },
  },
  {
    id: '10',
    module: 'oidcc-client-test-invalid-sig-rs256',
    verdict: 'R',
    lies: ['id_token_signature_invalid'],
    refusal: idToken('signature', 'jwks'),
  },
  {
    id: '12',
    module: 'oidcc-client-test-nonce-invalid',
    verdict: 'R',
    lies: ['id_token_nonce_invalid'],
    refusal: idToken('nonce'),
  },
  {
    id: '26',
    module: 'oidcc-client-test-refresh-token',
    verdict: 'A',
    refresh: true,
  },
  {
    id: '27',
    module: 'oidcc-client-test-refresh-token-invalid-issuer',
    verdict: 'R',
    refresh: true,
    refreshLies: ['id_token_iss_invalid'],
    refusal: idToken('iss'),
  },
  {
    id: '28',
    module: 'oidcc-client-test-refresh-token-invalid-sub',
    verdict: 'R',
    refresh: true,
    refreshLies: ['id_token_sub_invalid'],
    refusal: idToken('sub'),
  },
  {
    id: '30',
    module: 'oidcc-client-test-missing-aud',
    verdict: 'R',
    lies: ['id_token_aud_missing'],
    refusal: idToken('aud'),
  },
  {
    id: '31',
    module: 'oidcc-client-test-invalid-sig-hs256',
    verdict: 'R',
    lies: ['id_token_alg_hs256', 'id_token_signature_invalid'],
    refusal: idToken('alg'),
  },
  {
    id: '32',
    module: 'oidcc-client-test-invalid-sig-es256',
    verdict: 'R',
    options: {
      registration: { idTokenSignedResponseAlg: 'ES256' },
      client: { idTokenSignedResponseAlg: 'ES256' },
    },
    lies: ['id_token_signature_invalid'],
    refusal: idToken('signature', 'jwks'),
  },
  {
    id: '17',
    module: 'oidcc-client-test-discovery-issuer-mismatch',
    verdict: 'R',
    lies: ['metadata_issuer_invalid'],
    refusal: metadata('issuer'),
  },
  {
    id: '11',
    module: 'oidcc-client-test-userinfo-invalid-sub',
    verdict: 'R',
    lies: ['userinfo_response_sub_invalid'],
    refusal: { error: 'ValidationError', code: 'userinfo_invalid', check: 'sub', after: 'userinfo' },
  },
];

const fapi = (suffix: string) => `fapi2-security-profile-final-client-${suffix}`;
const jarm = { client: { responseMode: 'jwt' as const } };

/** Section 3: FAPI 2.0 Security Profile and Message Signing, and section 4: FAPI 1.0 Advanced. */
export const fapiRows: readonly Row[] = [
  {
    id: 'F2',
    module: fapi('test-discovery-issuer-mismatch'),
    verdict: 'R',
    lies: ['metadata_issuer_invalid'],
    refusal: metadata('issuer'),
  },
  {
    id: 'F3',
    module: fapi('test-invalid-iss'),
    verdict: 'R',
    lies: ['id_token_iss_invalid'],
    refusal: idToken('iss'),
  },
  {
    id: 'F4',
    module: fapi('test-invalid-aud'),
    verdict: 'R',
    lies: ['id_token_aud_invalid'],
    refusal: idToken('aud'),
  },
  {
    id: 'F5',
    module: fapi('test-invalid-secondary-aud'),
    verdict: 'R',
    lies: ['id_token_aud_secondary'],
    refusal: idToken('aud'),
  },
  {
    id: 'F6',
    module: fapi('test-invalid-null-alg'),
    verdict: 'R',
    lies: ['id_token_alg_none'],
    refusal: idToken('alg'),
  },
  {
    id: 'F7',
    module: fapi('test-invalid-alternate-alg'),
    verdict: 'R',
    lies: ['id_token_alg_other'],
    refusal: idToken('alg'),
  },
  {
    id: 'F8',
    module: fapi('test-invalid-expired-exp'),
    verdict: 'R',
    lies: ['id_token_exp_expired'],
    refusal: idToken('exp'),
  },
  {
    id: 'F9',
    module: fapi('test-invalid-missing-exp'),
    verdict: 'R',
    lies: ['id_token_exp_missing'],
    refusal: idToken('exp'),
  },
  {
    id: 'F10',
    module: fapi('test-invalid-missing-aud'),
    verdict: 'R',
    lies: ['id_token_aud_missing'],
    refusal: idToken('aud'),
  },
  {
    id: 'F11',
    module: fapi('test-invalid-missing-iss'),
    verdict: 'R',
    lies: ['id_token_iss_missing'],
    refusal: idToken('iss'),
  },
  { id: 'F12', module: fapi('test-valid-aud-as-array'), verdict: 'A', lies: ['id_token_aud_array'] },
  {
    id: 'F13',
    module: fapi('test-invalid-nonce'),
    verdict: 'R',
    lies: ['id_token_nonce_invalid'],
    refusal: idToken('nonce'),
  },
  {
    id: 'F14',
    module: fapi('test-invalid-missing-nonce'),
    verdict: 'R',
    lies: ['id_token_nonce_missing'],
    refusal: idToken('nonce'),
  },
  {
    id: 'F15',
    module: fapi('test-invalid-authorization-response-iss'),
    verdict: 'R',
    lies: ['iss_invalid'],
    refusal: response('iss'),
  },
  {
    id: 'F16',
    module: fapi('test-remove-authorization-response-iss'),
    verdict: 'R',
    lies: ['iss_missing'],
    refusal: response('iss'),
  },
  {
    id: 'F17',
    module: fapi('test-ensure-authorization-response-with-invalid-state-fails'),
    verdict: 'R',
    lies: ['state_invalid'],
    refusal: response('state'),
  },
  {
    id: 'F18',
    module: fapi('test-ensure-authorization-response-with-invalid-missing-state-fails'),
    verdict: 'R',
    lies: ['state_missing'],
    refusal: response('state'),
  },
  {
    id: 'F19',
    module: fapi('test-token-endpoint-response-without-expires_in'),
    verdict: 'A',
    lies: ['token_response_without_expires_in'],
  },
  {
    id: 'F20',
    module: fapi('test-token-type-case-insensitivity'),
    verdict: 'A',
    lies: ['token_type_case_inverted'],
  },
  {
    id: 'F23',
    module: fapi('test-ensure-jarm-without-iss-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_iss_missing'],
    refusal: signedResponse('iss'),
  },
  {
    id: 'F24',
    module: fapi('test-ensure-jarm-with-invalid-iss-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_iss_invalid'],
    refusal: signedResponse('iss'),
  },
  {
    id: 'F25',
    module: fapi('test-ensure-jarm-without-aud-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_aud_missing'],
    refusal: signedResponse('aud'),
  },
  {
    id: 'F26',
    module: fapi('test-ensure-jarm-with-invalid-aud-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_aud_invalid'],
    refusal: signedResponse('aud'),
  },
  {
    id: 'F27',
    module: fapi('test-ensure-jarm-without-exp-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_exp_missing'],
    refusal: signedResponse('exp'),
  },
  {
    id: 'F28',
    module: fapi('test-ensure-jarm-with-expired-exp-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_exp_expired'],
    refusal: signedResponse('exp'),
  },
  {
    id: 'F29',
    module: fapi('test-ensure-jarm-with-invalid-sig-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_signature_invalid'],
    refusal: signedResponse('signature'),
  },
  {
    id: 'F30',
    module: fapi('test-ensure-jarm-signature-is-not-none'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_alg_none'],
    refusal: signedResponse('alg'),
  },
  {
    id: 'A1',
    module: 'fapi1-advanced-final-client-test-iat-is-week-in-past',
    verdict: 'R',
    lies: ['id_token_iat_week_old'],
    refusal: idToken('iat', 'jwks'),
  },
  {
    id: 'A2',
    module: 'fapi1-advanced-final-client-test-missing-athash',
    verdict: 'A',
    lies: ['id_token_at_hash_missing'],
  },
  {
    id: 'A3',
    module: 'fapi1-advanced-final-client-test-invalid-chash',
    verdict: 'R',
    lies: ['id_token_c_hash_invalid'],
    refusal: idToken('c_hash', 'jwks'),
  },
  {
    id: 'A4',
    module: 'fapi1-advanced-final-client-test-invalid-signature',
    verdict: 'R',
    lies: ['id_token_signature_invalid'],
    refusal: idToken('signature', 'jwks'),
  },
  {
    id: 'A5',
    module: 'fapi1-advanced-final-client-test-no-scope-in-token-endpoint-response',
    verdict: 'A',
    lies: ['token_response_without_scope', 'token_response_without_expires_in'],
  },
];
