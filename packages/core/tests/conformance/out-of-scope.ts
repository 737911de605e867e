/** A module that does not apply to a code-flow client, with the reason. */
export interface OutOfScope {
  readonly id: string;
  readonly module: string;
  readonly why: string;
}

const otherFlow = 'not the code flow: the authorization endpoint returns only a code';

export const outOfScope: readonly OutOfScope[] = [
  {
    id: '20',
    module: 'oidcc-client-test-discovery-webfinger-acct',
    why: 'the issuer is configured, never derived from user input',
  },
  {
    id: '21',
    module: 'oidcc-client-test-discovery-webfinger-url',
    why: 'the issuer is configured, never derived from user input',
  },
  {
    id: '22',
    module: 'oidcc-client-test-dynamic-registration',
    why: 'clients are registered at the provider in advance',
  },
  {
    id: '23',
    module: 'oidcc-client-test-request-uri-signed-rs256',
    why: 'request objects are sent by value or by PAR; a request_uri that the provider fetches is not supported',
  },
  {
    id: '24',
    module: 'oidcc-client-test-request-uri-signed-none',
    why: 'a request_uri that the provider fetches is not supported, and unsigned request objects protect nothing',
  },
  {
    id: '34',
    module: 'oidcc-client-test-userinfo-bearer-body',
    why: 'optional; access tokens are sent in the Authorization header only',
  },
  {
    id: '37',
    module: 'oidcc-client-test-distributed-claims',
    why: 'optional; the application can read the reference and decides whether to follow it',
  },
  { id: '-', module: 'oidcc-client-test-nonce-unless-code-flow', why: otherFlow },
  { id: '-', module: 'oidcc-client-test-missing-chash', why: otherFlow },
  { id: '-', module: 'oidcc-client-test-missing-athash', why: otherFlow },
  { id: '-', module: 'oidcc-client-test-invalid-chash', why: otherFlow },
  { id: '-', module: 'oidcc-client-test-invalid-athash', why: otherFlow },
  {
    id: 'L14',
    module: 'oidcc-client-test-session-management',
    why: 'browsers block the third-party storage that check_session_iframe needs; back-channel logout replaces it',
  },
  {
    id: 'F31',
    module: 'fapi2-security-profile-final-client-test-invalid-openbanking-intent-id',
    why: 'a rule of one banking profile (openbanking_intent_id)',
  },
  {
    id: '-',
    module: 'fapi2-security-profile-final-client-brazildcr-happypath-test',
    why: 'dynamic registration of one banking profile',
  },
  { id: '-', module: 'fapi1-advanced-final-client-test-invalid-shash', why: otherFlow },
  { id: '-', module: 'fapi1-advanced-final-client-test-invalid-missing-shash', why: otherFlow },
];
