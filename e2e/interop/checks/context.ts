import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { ClientOptions } from '@countersign/core';
import type { RunningServer } from '../server.ts';
import type { Application, DeploymentSettings } from '../support/application.ts';
import type { CountingProxy } from '../support/counting-proxy.ts';
import { describePage, openUserAgent, type UserAgent } from '../support/user-agent.ts';

export interface CheckContext {
  readonly server: RunningServer;
  readonly application: Application;
  readonly proxy: CountingProxy;
}

/** The options of the confidential client. */
export const createWebOptions = ({ server }: CheckContext): ClientOptions => ({
  ...(server.options as ClientOptions),
  ...server.web,
  refreshTokens: true,
  allowInsecureIssuer: true,
});

/** Deploys the application and logs in. */
export async function logIn(context: CheckContext, settings?: DeploymentSettings) {
  const agent = openUserAgent();
  const deployment = context.application.deploy(createWebOptions(context), settings);
  await visitLogin(context, agent);
  return { agent, ...deployment };
}

/** Logs in at the deployed application, with the forms of the server. Returns the identifier of the user. */
export async function visitLogin(
  { application: { origin }, server }: CheckContext,
  agent: UserAgent,
): Promise<string> {
  const form = await agent.open(`${origin}/auth/login?returnTo=/me`);
  const page = await agent.fillForms(form, origin, server.account);
  assert.equal(page.url.pathname, '/me', describePage(page));
  const { sub } = JSON.parse(page.html) as { sub: string | null };
  assert.equal(typeof sub, 'string', describePage(page));
  return sub ?? '';
}

/** Requests an access token of the session from the application. */
export async function getToken({ application: { origin } }: CheckContext, agent: UserAgent) {
  const { status, html } = await agent.open(`${origin}/token`);
  return { status, ...(JSON.parse(html) as { accessToken?: string; code?: string }) };
}

export async function getUser({ application: { origin } }: CheckContext, agent: UserAgent) {
  return (JSON.parse((await agent.open(`${origin}/me`)).html) as { sub: string | null }).sub;
}

export const countRefreshes = ({ proxy }: CheckContext) =>
  proxy.requests.filter(({ grantType }) => grantType === 'refresh_token').length;

/** Seconds after which an access token is refreshed, and still valid for a moment. */
export const getRefreshTime = ({ server }: CheckContext) => server.accessTokenLifetime - 5;

/** Waits until another process has caused this. */
export async function waitUntil(isDone: () => boolean | Promise<boolean>, description: string) {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await isDone()) return;
    await setTimeout(100);
  }
  assert.fail(`${description}: not within 10 seconds`);
}
