import {
  type AccessToken,
  type BrowserAuth,
  type BrowserAuthSnapshot,
  ConfigurationError,
  LoginRequiredError,
} from '@countersign/core/browser';

/** Creates the client of one server request. It has a fixed state and cannot log in or out. */
export function createReadOnlyClient(
  snapshot: BrowserAuthSnapshot,
  accessToken: string | undefined,
): BrowserAuth {
  const reject = async () => {
    throw new ConfigurationError(
      'invalid_option',
      'Login and logout are not available on a server. Call them in the browser.',
    );
  };
  return {
    snapshot: () => snapshot,
    subscribe: () => () => {},
    start: async () => ({}),
    login: reject,
    logout: reject,
    handleCallback: reject,
    replacePage: () => false,
    async getAccessToken({ rejectedToken } = {}): Promise<AccessToken> {
      if (accessToken !== undefined && rejectedToken === undefined)
        return { accessToken, tokenType: 'Bearer', scopes: snapshot.scopes ?? [] };
      throw new LoginRequiredError('not_signed_in', 'The server has no valid access token of this user.');
    },
    authorize: async (_request, token) => ({ authorization: `Bearer ${token.accessToken}` }),
    rememberNonce: async () => false,
    stop: () => {},
  };
}
