import type { FaultTargets, UserinfoProtection } from './fault-target.ts';

type Body = Record<string, unknown>;

const metadata = (change: (body: Body) => void) => ({
  metadata: (body: Body) => change(body),
});
const changeTokens = (change: (body: Body) => void) => ({ tokenResponse: (body: Body) => change(body) });
const changeAuthorization = (change: (parameters: URLSearchParams) => void) => ({
  authorizationResponse: (parameters: URLSearchParams) => change(parameters),
});
const changeUserinfo = (change: (body: Body) => void) => ({ userinfoResponse: (body: Body) => change(body) });
const protection = (change: (value: UserinfoProtection) => void) => ({
  userinfoProtection: (value: UserinfoProtection) => change(value),
});
const invertCase = (text: string) =>
  [...text].map((char) => (char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase())).join('');

type Faults = Record<string, { readonly [K in keyof FaultTargets]?: (value: FaultTargets[K]) => void }>;

/** Faults of unsigned values: metadata, redirects, token and userinfo responses. */
export const responseFaults = {
  metadata_issuer_invalid: metadata((body) => {
    body.issuer = `${body.issuer}INVALID`;
  }),
  metadata_issuer_slash: metadata((body) => {
    body.issuer = String(body.issuer).endsWith('/') ? String(body.issuer).slice(0, -1) : `${body.issuer}/`;
  }),
  metadata_issuer_missing: metadata((body) => {
    delete body.issuer;
  }),
  metadata_endpoint_insecure: metadata((body) => {
    body.token_endpoint = 'http://auth.example.test/token';
  }),
  metadata_endpoint_script: metadata((body) => {
    body.authorization_endpoint = 'javascript:alert(1)';
  }),
  metadata_plain_pkce: metadata((body) => {
    body.code_challenge_methods_supported = ['plain'];
  }),
  metadata_without_pkce: metadata((body) => {
    delete body.code_challenge_methods_supported;
  }),
  metadata_without_iss_parameter: metadata((body) => {
    delete body.authorization_response_iss_parameter_supported;
  }),
  iss_invalid: changeAuthorization((parameters) => parameters.set('iss', `${parameters.get('iss')}1`)),
  iss_missing: changeAuthorization((parameters) => parameters.delete('iss')),
  iss_of_another: changeAuthorization((parameters) => parameters.set('iss', 'https://attacker.example')),
  state_invalid: changeAuthorization((parameters) =>
    parameters.set('state', `${parameters.get('state') ?? ''}1`),
  ),
  state_missing: changeAuthorization((parameters) => parameters.delete('state')),
  code_missing: changeAuthorization((parameters) => parameters.delete('code')),
  code_repeated: changeAuthorization((parameters) => parameters.append('code', 'another-code')),
  state_repeated: changeAuthorization((parameters) => parameters.append('state', 'another-state')),
  response_with_id_token: changeAuthorization((parameters) => parameters.set('id_token', 'a.b.c')),
  token_response_without_access_token: changeTokens((body) => {
    delete body.access_token;
  }),
  token_response_without_id_token: changeTokens((body) => {
    delete body.id_token;
  }),
  token_response_without_expires_in: changeTokens((body) => {
    delete body.expires_in;
  }),
  token_response_without_scope: changeTokens((body) => {
    delete body.scope;
  }),
  token_response_without_refresh_token: changeTokens((body) => {
    delete body.refresh_token;
  }),
  token_response_without_token_type: changeTokens((body) => {
    delete body.token_type;
  }),
  token_type_case_inverted: changeTokens((body) => {
    body.token_type = invertCase(String(body.token_type));
  }),
  token_type_unknown: changeTokens((body) => {
    body.token_type = 'mac';
  }),
  token_type_bearer: changeTokens((body) => {
    body.token_type = 'Bearer';
  }),
  token_type_dpop: changeTokens((body) => {
    body.token_type = 'DPoP';
  }),
  expires_in_text: changeTokens((body) => {
    body.expires_in = '3600';
  }),
  expires_in_zero: changeTokens((body) => {
    body.expires_in = 0;
  }),
  expires_in_negative: changeTokens((body) => {
    body.expires_in = -1;
  }),
  expires_in_huge: changeTokens((body) => {
    body.expires_in = 1e308;
  }),
  scope_list: changeTokens((body) => {
    body.scope = ['openid'];
  }),
  access_token_object: changeTokens((body) => {
    body.access_token = { token: true };
  }),
  refresh_token_empty: changeTokens((body) => {
    body.refresh_token = '';
  }),
  userinfo_response_sub_invalid: changeUserinfo((body) => {
    body.sub = `${body.sub}invalid`;
  }),
  userinfo_response_sub_missing: changeUserinfo((body) => {
    delete body.sub;
  }),
  userinfo_response_null_members: changeUserinfo((body) => {
    Object.assign(body, { nickname: null, picture: null });
  }),
  userinfo_aggregated_claims: changeUserinfo((body) => {
    body._claim_names = { address: 'src1' };
    body._claim_sources = { src1: { JWT: 'eyJhbGciOiJub25lIn0.eyJhZGRyZXNzIjp7fX0.' } };
  }),
  userinfo_distributed_claims: changeUserinfo((body) => {
    body._claim_names = { credit_score: 'src1' };
    body._claim_sources = {
      src1: { endpoint: 'https://claims.example/credit', access_token: 'claims-token' },
    };
  }),
  userinfo_response_unsigned: protection((value) => {
    delete value.signed;
  }),
  userinfo_response_unencrypted: protection((value) => {
    delete value.encrypted;
  }),
  jwks_empty: {
    jwks: (body: { keys: unknown[] }) => {
      body.keys = [];
    },
  },
  jwks_malformed: {
    jwks: (body: { keys: unknown[] }) => {
      Object.assign(body, { keys: 'none' });
    },
  },
  jwks_without_kid: {
    jwks: (body: { keys: Body[] }) => {
      for (const key of body.keys) delete key.kid;
    },
  },
  logout_state_invalid: {
    logoutResponse: (parameters: URLSearchParams) =>
      parameters.set('state', `${parameters.get('state')}_INVALID`),
  },
  logout_state_missing: { logoutResponse: (parameters: URLSearchParams) => parameters.delete('state') },
} satisfies Faults;

export type ResponseFault = keyof typeof responseFaults;
