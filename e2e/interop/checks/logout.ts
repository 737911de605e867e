import assert from 'node:assert/strict';
import { discover } from '@countersign/core';
import { findForms } from '../support/forms.ts';
import { type CheckContext, getUser, logIn, waitUntil } from './context.ts';

export async function checkLogout(context: CheckContext): Promise<void> {
  const { application, server } = context;
  const { agent, events } = await logIn(context);
  const confirmation = await agent.open(`${application.origin}/auth/logout`);
  const form = findForms(confirmation.html)[0];
  assert.ok(form, confirmation.html);
  const endSessionPage = await agent.submit(confirmation, form);
  const page = await agent.fillForms(endSessionPage, application.origin, server.account);
  assert.equal(page.url.href, `${application.origin}/`);
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'logout.returned' ? [event.verified] : [])),
    [true],
  );
  assert.equal(await getUser(context, agent), null);
  const login = await agent.open(`${application.origin}/auth/login`);
  assert.notEqual(login.url.origin, application.origin, 'The user is still signed in at the server.');
}

export async function checkBackchannelLogout(context: CheckContext): Promise<void> {
  const { agent, client, events } = await logIn(context);
  assert.ok(await getUser(context, agent));
  const { end_session_endpoint: endpoint } = await discover(client);
  assert.ok(endpoint, 'The server has no end_session_endpoint.');
  // The user logs out at the server, without the application.
  let page = await agent.open(String(endpoint));
  const form = findForms(page.html)[0];
  if (form) page = await agent.submit(page, form);
  await waitUntil(
    () => events.some((event) => event.type === 'session.ended' && event.reason === 'backchannel_logout'),
    `back-channel logout after status ${page.status}`,
  );
  assert.equal(await getUser(context, agent), null);
}
