import type { TestAuthorizationServerOptions, TestClient, TestUser } from '../options.ts';

/** The endpoints of a provider, by the name of their metadata without `_endpoint`. */
type Endpoints = Readonly<Record<string, string>>;

/** What a flavour uses to change a claim or a response. */
export interface FlavourContext {
  readonly issuer: string;
  readonly grant: {
    readonly clientId: string;
    readonly sub: string | undefined;
    readonly sid: string | undefined;
    readonly scope: string;
    readonly resources: readonly string[];
    readonly nonce?: string | undefined;
    readonly authTime?: number | undefined;
  };
  readonly client: TestClient | undefined;
  readonly user: TestUser | undefined;
  readonly scopes: readonly string[];
  /** Seconds since the epoch, of the clock of the server. */
  readonly now: number;
  /** The reason for the token: a `grant_type`, or `mint` for a token that the test creates. */
  readonly grantType: string;
}

/** Changes claims or the members of a response. A member that is `undefined` is not sent. */
export type Change = (
  members: Readonly<Record<string, unknown>>,
  context: FlavourContext,
) => Readonly<Record<string, unknown>>;

/** An error response. Members that are absent are those of the standard. */
export interface Rejection {
  readonly error?: string;
  readonly description?: string;
  readonly status?: number;
  /** Additional members of the response. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** An authorization request as a flavour sees it. */
export interface AuthorizationFacts {
  readonly scopes: readonly string[];
  readonly parameters: URLSearchParams;
  /** Whether the user granted a refresh token to the client in a previous login. */
  readonly hasConsented: boolean;
  /** Whether the client has no credentials. */
  readonly isPublic: boolean;
  readonly user: TestUser | undefined;
  readonly session: { readonly sid: string };
}

/** The facts that decide whether a login issues a refresh token. */
export type OfflineFacts = Omit<AuthorizationFacts, 'user' | 'session'>;

/** How one provider differs from the standard server. The server uses each member at one place. */
export interface Flavour {
  /** The default issuer. If the option `issuer` or `listen()` changes its origin, all URLs move to that origin. */
  readonly issuer: string;
  /** The issuer in the metadata, if it is another text. */
  readonly metadataIssuer?: string;
  /** All endpoints of the provider: a URL, or a path after the issuer. The provider does not have the others. */
  readonly endpoints: Endpoints;
  /** Endpoints that the metadata does not contain. */
  readonly unlistedEndpoints?: Endpoints;
  /** Members of the metadata besides the issuer and the endpoints. Default: those of the standard server. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Options that apply unless the test sets them. */
  readonly defaults?: TestAuthorizationServerOptions;

  /** Changes each published key. */
  readonly publishedKey?: (key: Readonly<Record<string, unknown>>, issuer: string) => Record<string, unknown>;

  /** Whether PKCE is necessary. Default: `required`. */
  readonly pkce?: 'required' | 'optional';
  /** Parameters of authorization and token requests that are an error. */
  readonly rejectedParameters?: Readonly<Record<string, Rejection>>;
  /** Finds what is wrong with an authorization request. With `page`, the user sees the error and is not redirected. */
  readonly findRequestError?: (
    facts: Pick<AuthorizationFacts, 'scopes' | 'parameters'>,
  ) => (Rejection & { readonly page?: boolean }) | undefined;
  /** The parameter that selects the resource, besides `resource`. Default: none. */
  readonly audienceParameter?: string;
  /** Whether the login issues a refresh token. Default: if the scope contains `offline_access`. */
  readonly issuesRefreshToken?: (facts: OfflineFacts) => boolean;
  /** Whether the login issues an ID token. Default: if the scope contains `openid`. */
  readonly issuesIdToken?: (scopes: readonly string[]) => boolean;
  /** Additional fields of a successful authorization response. */
  readonly authorizationResponse?: (facts: AuthorizationFacts) => Readonly<Record<string, string>>;

  /** The issuer in the tokens of a user. Default: the issuer of the server. */
  readonly tokenIssuer?: (issuer: string, user: TestUser | undefined) => string;
  /** Whether access tokens without a resource are opaque. Default: false. */
  readonly opaqueWithoutResource?: boolean;
  readonly accessTokenHeader?: Readonly<Record<string, unknown>>;
  readonly accessTokenClaims?: Change;
  readonly idTokenHeader?: Readonly<Record<string, unknown>>;
  readonly idTokenSigningAlg?: string;
  readonly idTokenClaims?: Change;
  readonly logoutTokenClaims?: (
    claims: Readonly<Record<string, unknown>>,
  ) => Readonly<Record<string, unknown>>;
  readonly tokenResponse?: Change;
  /** The format of token responses and their errors without `Accept: application/json`. Default: `json`. */
  readonly tokenResponseFormat?: 'json' | 'form';
  readonly userinfo?: Change;
  /** Whether userinfo requires the scope `openid`. Default: true. */
  readonly userinfoRequiresOpenid?: boolean;
  /** Changes the introspection of an active token. */
  readonly introspection?: (
    members: Readonly<Record<string, unknown>>,
    kind: 'access_token' | 'refresh_token',
  ) => Readonly<Record<string, unknown>>;

  /** The rejection of a code, a refresh token, or the authentication of a client. */
  readonly rejections?: Readonly<Partial<Record<'code' | 'refreshToken' | 'client', Rejection>>>;
  /** The rejection of a token request of a public client. Default: public clients are accepted. */
  readonly publicClients?: Rejection;
  /** The accepted `aud` of a client assertion. Default: both. */
  readonly assertionAudience?: 'issuer' | 'token_endpoint';
  /** Verifies the secret of a client. Default: it is compared with the registered one. */
  readonly verifyClientSecret?: (
    client: TestClient,
    secret: string,
    context: { readonly issuer: string; readonly now: number },
  ) => Promise<boolean>;
  /** Whether the credentials of Basic are form-decoded (RFC 6749 section 2.3.1). Default: true. */
  readonly decodesBasicCredentials?: boolean;
  /** Whether a response with status 429 has `Retry-After`. Default: true. */
  readonly sendsRetryAfter?: boolean;
  /** The parameters of a logout that contain the page to return to. Default: `post_logout_redirect_uri`. */
  readonly logoutTargetParameters?: readonly string[];
}

/** The claims of the standard scopes (OpenID Connect Core section 5.4). */
const claimNamesByScope: Readonly<Record<string, readonly string[]>> = {
  profile: ['name', 'given_name', 'family_name', 'picture', 'preferred_username'],
  email: ['email', 'email_verified'],
};

/** Returns the claims of the user that the granted scopes contain. */
export function pickScopeClaims({ user, scopes }: FlavourContext): Readonly<Record<string, unknown>> {
  const names = scopes.flatMap((scope) => claimNamesByScope[scope] ?? []);
  return Object.fromEntries(Object.entries(user?.claims ?? {}).filter(([name]) => names.includes(name)));
}

/** Returns the values of a claim of the user that is a list, such as `groups`. */
export function listClaimValues({ user }: FlavourContext, name: string): readonly string[] | undefined {
  const values = user?.claims?.[name];
  return Array.isArray(values) ? values.map(String) : undefined;
}
