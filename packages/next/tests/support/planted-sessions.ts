import { createMemorySessionStore } from '@countersign/core/session';
import { createAuth } from '../../src/create-auth.ts';
import { baseUrl, logIn, setUp } from './app.ts';

/** Encodes one character of a cookie's value. A sibling host can plant such a copy of a session of the attacker. */
export function encodeAt(pair: string, index: number): string {
  const at = pair.indexOf('=') + 1 + index;
  return `${pair.slice(0, at)}%${pair.charCodeAt(at).toString(16)}${pair.slice(at + 1)}`;
}

/** Creates an application below `/shop`, and the session cookies of two users. */
export async function setUpTwo(cookie: object, kind: string) {
  const { server, options } = await setUp({
    baseUrl,
    routes: '/shop/auth',
    cookie,
    ...(kind === 'stored' && { store: createMemorySessionStore() }),
  });
  const auth = createAuth(options);
  const logInAs = async (sub: string) => {
    server.signIn(sub);
    const pairs = (await logIn(auth.handlers, server, '/shop/auth/login')).split('; ');
    return pairs.find((pair) => /session=/.test(pair)) ?? '';
  };
  return { auth, logInAs, alice: await logInAs('alice'), mallory: await logInAs('mallory') };
}
