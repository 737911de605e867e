import {
  type AuthorizationRequest,
  type Client,
  createAuthorizationRequest,
  exchangeCode,
  type TokenResponse,
  validateAuthorizationResponse,
} from '../../../src/index.ts';
import { createBrowser } from './browser.ts';

/** oidc-provider requires prompt=consent for offline access. */
export const offline: AuthorizationRequest = { prompt: 'consent' };

/** Logs in with a browser and returns the tokens. */
export async function logIn(
  client: Client,
  request = offline,
  browser = createBrowser(client.issuer),
): Promise<TokenResponse> {
  const { url, transaction } = await createAuthorizationRequest(client, request);
  const { parameters } = await browser.visit(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  return exchangeCode(client, response, transaction);
}
