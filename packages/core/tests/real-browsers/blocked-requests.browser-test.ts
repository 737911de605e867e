import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { commands } from 'vitest/browser';
import { createBrowserAuth } from '../../src/browser/browser-auth.ts';

// A browser does not tell a page why it has blocked a request. The developer reads the cause in the error and the console.

let warnings: string[];
beforeEach(() => {
  warnings = [];
  vi.spyOn(console, 'warn').mockImplementation((text: string) => void warnings.push(text));
});
afterEach(() => void vi.restoreAllMocks());

async function failLogin(issuer: string): Promise<string> {
  const auth = createBrowserAuth({
    issuer,
    clientId: 'spa',
    redirectUri: 'https://app.example/callback',
    allowInsecureIssuer: true,
    navigate: () => {},
  });
  await auth.start();
  const error = await auth.login().catch((reason: Error) => reason);
  auth.stop();
  expect(error).toMatchObject({ name: 'TransportError', code: 'network_error' });
  return (error as Error).message;
}

const path = '/.well-known/openid-configuration';

test('CORS: the error names the request, the origin of the page and the registration', async () => {
  const issuer = await commands.startServer();
  const text = `GET ${issuer}${path}: the server responds, but does not allow ${location.origin} to read the response (CORS). Register this origin at the provider, for example as an allowed or web origin of the client "spa".`;
  expect(await failLogin(issuer)).toContain(text);
  expect(warnings).toEqual([expect.stringContaining(text)]);
});

test('Content-Security-Policy: the error names the request, and the origin and directive to add', async () => {
  // The connection of the test runner is allowed.
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = "connect-src 'self' ws:";
  document.head.append(policy);
  const text = `GET https://login.example${path} was blocked by the Content-Security-Policy of the page. Add https://login.example to its directive connect-src.`;
  expect(await failLogin('https://login.example')).toContain(text);
  expect(warnings).toEqual([expect.stringContaining(text)]);
});
