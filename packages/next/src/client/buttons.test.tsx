import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import {
  AuthProvider,
  type ClientSession,
  LoginButton,
  LogoutButton,
  SignedIn,
  SignedOut,
} from './index.tsx';

const session: ClientSession = {
  user: { iss: 'https://op.example', sub: 'alice' },
  scopes: ['openid'],
  createdAt: 0,
  expiresAt: 1,
  endsAt: 1,
  data: {},
};

const render = (initialSession: ClientSession | null | undefined) =>
  renderToStaticMarkup(
    <AuthProvider routes="/shop/auth" session={initialSession}>
      <SignedIn>in</SignedIn>
      <SignedOut>out</SignedOut>
      <LoginButton className="x" returnTo="/a?b=c" />
      <LogoutButton returnTo="/bye" />
    </AuthProvider>,
  );

test('shows the session of the server immediately, and nothing while the session is loading', () => {
  expect(render(session)).toMatch(/^in</);
  expect(render(null)).toMatch(/^out</);
  expect(render(undefined)).toMatch(/^<a/);
});

test('renders login as a link and logout as a form, which work without JavaScript', () => {
  const html = render(null);
  expect(html).toContain('<a class="x" href="/shop/auth/login?returnTo=%2Fa%3Fb%3Dc">Log in</a>');
  expect(html).toContain(
    '<form action="/shop/auth/logout" method="post"><input type="hidden" name="returnTo" value="/bye"/><button type="submit">Log out</button></form>',
  );
});
