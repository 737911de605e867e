import { expect, test, vi } from 'vitest';
import { runEffects } from '../../tests/support/run-effects.ts';
import { AuthProvider, type ClientSession, useSession } from './index.tsx';

const session: ClientSession = {
  user: { iss: 'https://op.example', sub: 'alice' },
  scopes: ['openid'],
  createdAt: 0,
  expiresAt: 4_000_000_000,
  endsAt: 4_000_000_000,
  data: {},
};

function Status({ onRender }: { readonly onRender: (state: string) => void }) {
  const { status, session: currentSession } = useSession();
  onRender(`${status} ${currentSession?.user.sub}`);
  return null;
}

/** Renders the provider with the session of the server. Returns its requests, and the states of a component. */
async function start(initialSession: ClientSession | null | undefined) {
  const requests: string[] = [];
  const states: string[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    requests.push(url);
    return Response.json({ session, now: Math.floor(Date.now() / 1000) });
  });
  const onRender = (state: string) => void states.push(state);
  const toElement = (each: ClientSession | null | undefined) => (
    <AuthProvider session={each}>
      <Status onRender={onRender} />
    </AuthProvider>
  );
  const render = await runEffects(toElement(initialSession));
  return { requests, states, render: (each: ClientSession | null | undefined) => render(toElement(each)) };
}

test.each([
  ['a signed-in user', session, 'signed-in alice'],
  ['a signed-out user', null, 'signed-out undefined'],
] as const)('makes no request if the server has passed the state of %s', async (_, initialSession, state) => {
  const { requests, states } = await start(initialSession);
  expect(requests).toEqual([]);
  expect([...new Set(states)]).toEqual([state]);
});

test('requests the session once if the server has passed none', async () => {
  const { requests, states } = await start(undefined);
  expect(requests).toEqual(['/auth/session']);
  expect(states[0]).toBe('loading undefined');
  expect(states.at(-1)).toBe('signed-in alice');
});

test('makes no request if the server renders the page again after a login or logout', async () => {
  const { requests, states, render } = await start(null);
  await render(session);
  expect(states.at(-1)).toBe('signed-in alice');
  await render(null);
  expect(states.at(-1)).toBe('signed-out undefined');
  expect(requests).toEqual([]);
});
