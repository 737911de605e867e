import { setTimeout as delay } from 'node:timers/promises';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { createRandom, type Random } from '../../../packages/core/tests/support/random.ts';
import { chromiumLaunchOptions } from '../../../scripts/lib/programs/chromium.ts';
import { expectItems } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { alice, bob, readLoggedRequests, tokenRequests } from '../../support/provider.ts';
import { startServers } from '../../support/servers/start-servers.ts';
import type { Report } from '../run.ts';
import { logInAngular, openItems, requestItems, waitForFirstRefresh } from '../tabs/angular.ts';
import { duplicate, openBrowser, prepareFreeze } from '../tabs/browser.ts';
import { type Network, startNetwork } from '../tabs/network.ts';
import { expectProfile, logInNext, openProfile, readSummary, requestSummary } from '../tabs/next.ts';

const tabsOfEach = 5;
/** Lifetime of access tokens in seconds. A refresh and all its responses take less than half of it. */
const accessTokenLifetime = 24;

/** The result of one browser. */
interface Found {
  readonly violations: string[];
  /** Tabs without an API response. */
  signedOut: number;
  leaks: number;
}

/** A step that is prepared before the tokens expire, and runs after all of them have expired. */
type Part = (findings: Found) => Promise<void>;

/**
 * Two users with browser tabs of both applications, whose tokens expire at the same time. In each application, one tab of
 * the first user is closed during the refresh, one is frozen, and one is a duplicate. The refreshing tab of the second user
 * is frozen. If the browser closes a tab by itself, the scenario runs again, once.
 */
export async function tabs(seed: number): Promise<Report> {
  try {
    return await play(seed);
  } catch (error) {
    if (!(error instanceof Error) || !/page, context or browser has been closed|crashed/.test(error.message))
      throw error;
    console.log(`tabs: the browser has closed a tab, and the scenario runs again (${error.message})`);
    return await play(seed);
  }
}

async function play(seed: number): Promise<Report> {
  const random = createRandom(seed);
  const stop = await startServers({ accessTokenLifetime });
  const browser = await chromium.launch(chromiumLaunchOptions);
  const networks: Network[] = [];
  const open = async (baseURL: string, storage: 'shared' | 'tab') => {
    const network = await startNetwork(storage);
    networks.push(network);
    return { network, context: await openBrowser(browser, network, baseURL) };
  };
  try {
    const aliceBrowser = await open(urls.angularSpa, 'shared');
    const bobBrowser = await open(urls.angularSpa, 'shared');
    const separateTabs = await open(urls.angularSpa, 'tab');
    const parts: Part[] = [
      await angularTabs(aliceBrowser, random),
      await nextTabs(aliceBrowser, random),
      await frozenRefresher(bobBrowser),
      await duplicatedTab(separateTabs),
    ];
    await delay((accessTokenLifetime + 1) * 1000);
    const since = readLoggedRequests().length;
    const findings: Found = { violations: [], signedOut: 0, leaks: 0 };
    await Promise.all(parts.map((part) => part(findings)));
    const refreshes = ['angular-spa', 'next-web'].flatMap((client) =>
      tokenRequests(client, 'refresh_token', since),
    );
    // One session for each user.
    const nextRefreshes = refreshes.filter(({ client_id }) => client_id === 'next-web').length;
    if (nextRefreshes !== 2)
      findings.violations.push(`Next: ${nextRefreshes} token requests instead of 1 for each session`);
    if (refreshes.some(({ status }) => status !== 200)) findings.violations.push('a rejected token request');
    return {
      summary: `${tabsOfEach} tabs of the Angular app and ${tabsOfEach} of the Next app, one of each closed during the refresh, one frozen, one a duplicate; tabs of another user, whose refreshing tab is frozen; a duplicate with separate tokens`,
      tokenRequests: refreshes.length,
      sessionsLost: findings.signedOut,
      leaks: findings.leaks,
      violations: findings.violations,
    };
  } finally {
    await browser.close();
    await Promise.all(networks.map((network) => network.close()));
    await stop();
  }
}

interface Person {
  readonly network: Network;
  readonly context: BrowserContext;
}

/** All tabs share tokens. The first tab to refresh is closed before its request arrives. */
async function angularTabs({ network, context }: Person, random: Random): Promise<Part> {
  const first = await logInAngular(context, alice);
  const pages = [first];
  while (pages.length < tabsOfEach - 1) pages.push(await openItems(context));
  pages.push(await duplicate(first));
  await Promise.all(pages.map(expectItems));
  const freezers = new Map(
    await Promise.all(
      pages
        .filter((page) => isAlone(page, pages))
        .map(async (page) => [page, await prepareFreeze(page)] as const),
    ),
  );
  return async (findings) => {
    const { subjects } = network;
    const [subjectCount, requestCount] = [subjects.length, network.tokenRequests.length];
    const holding = network.holdRefresh();
    const refreshing = waitForFirstRefresh(context);
    const pendingResponses = new Map(
      await Promise.all(pages.map(async (page) => [page, await requestItems(page)] as const)),
    );
    const [delayed, closed] = await Promise.all([holding, refreshing]);
    const others = pages.filter((page) => page !== closed);
    const frozen = random.pick(others.filter((page) => isAlone(page, pages)));
    const freezer = freezers.get(frozen);
    await freezer?.freeze();
    await closed.close();
    await delayed.abandoned;
    const live = others.filter((page) => page !== frozen);
    const statuses = await Promise.all(live.map((page) => pendingResponses.get(page)?.()));
    const newRequests = network.tokenRequests.slice(requestCount);
    if (newRequests.length !== 1)
      findings.violations.push(`Angular: ${newRequests.length} token requests instead of 1`);
    if (!(await freezer?.thaw())) findings.violations.push('Angular: the frozen tab was not frozen');
    statuses.push(await pendingResponses.get(frozen)?.());
    recordStatuses(findings, 'Angular', statuses);
    findings.leaks += countOtherSubjects('user-alice', subjects.slice(subjectCount));
  };
}

/** All tabs send the same session cookie. One tab never receives the response with the new cookie. */
async function nextTabs({ network, context }: Person, random: Random): Promise<Part> {
  const first = await logInNext(context);
  const pages = [first];
  while (pages.length < tabsOfEach - 1) pages.push(await openProfile(context));
  pages.push(await duplicate(first));
  await Promise.all(pages.map(expectProfile));
  const closed = random.pick(pages);
  const others = pages.filter((page) => page !== closed);
  const frozen = random.pick(others.filter((page) => isAlone(page, pages)));
  const freezer = await prepareFreeze(frozen);
  return async (findings) => {
    const holding = network.holdResponse('/api/summary?closed');
    await Promise.all(pages.map((page) => requestSummary(page, page === closed ? '?closed' : '')));
    await freezer.freeze();
    const delayed = await holding;
    await closed.close();
    await delayed.abandoned;
    const live = others.filter((page) => page !== frozen);
    const outcomes = await Promise.all(live.map(readSummary));
    if (!(await freezer.thaw())) findings.violations.push('Next: the frozen tab was not frozen');
    outcomes.push(await readSummary(frozen));
    // The request is sent again, with the current cookie of the browser.
    await Promise.all(others.map((page) => requestSummary(page)));
    outcomes.push(...(await Promise.all(others.map(readSummary))));
    recordStatuses(
      findings,
      'Next',
      outcomes.map(({ status }) => status),
    );
    findings.leaks += countOtherSubjects(
      'user-alice',
      outcomes.flatMap(({ user }) => user ?? []),
    );
  };
}

/** The tab that refreshes is frozen, so the response of the provider waits. Other tabs must not send its refresh token again. */
async function frozenRefresher({ network, context }: Person): Promise<Part> {
  const pages = [await logInAngular(context, bob), await openItems(context), await openItems(context)];
  const freezers = new Map(
    await Promise.all(pages.map(async (page) => [page, await prepareFreeze(page)] as const)),
  );
  const profile = await logInNext(context);
  return async (findings) => {
    const { subjects } = network;
    await requestSummary(profile);
    const [subjectCount, requestCount] = [subjects.length, network.tokenRequests.length];
    const holding = network.holdRefresh();
    const refreshing = waitForFirstRefresh(context);
    const pendingResponses = new Map(
      await Promise.all(pages.map(async (page) => [page, await requestItems(page)] as const)),
    );
    const [delayed, frozen] = await Promise.all([holding, refreshing]);
    const freezer = freezers.get(frozen);
    await freezer?.freeze();
    delayed.release();
    const others = pages.filter((page) => page !== frozen);
    const statuses = await Promise.all(others.map((page) => pendingResponses.get(page)?.()));
    if (!(await freezer?.thaw())) findings.violations.push('frozen refresh: the tab was not frozen');
    statuses.push(await pendingResponses.get(frozen)?.());
    const pendingRepeats = await Promise.all(pages.map(requestItems));
    statuses.push(...(await Promise.all(pendingRepeats.map((waitForResponse) => waitForResponse()))));
    const { status, user = 'user-bob' } = await readSummary(profile);
    recordStatuses(findings, 'frozen refresh', [...statuses, status]);
    const newRequests = network.tokenRequests
      .slice(requestCount)
      .filter(({ grant }) => grant === 'refresh_token');
    if (newRequests.length !== 1)
      findings.violations.push(`frozen refresh: ${newRequests.length} refreshes instead of 1`);
    findings.leaks += countOtherSubjects('user-bob', [...subjects.slice(subjectCount), user]);
  };
}

/** Each tab has separate tokens, and a duplicate has a copy: both must not use the same refresh token. */
async function duplicatedTab({ network, context }: Person): Promise<Part> {
  const first = await logInAngular(context, alice);
  const pages = [first, await duplicate(first)];
  await Promise.all(pages.map(expectItems));
  return async (findings) => {
    const { subjects } = network;
    const [subjectCount, requestCount] = [subjects.length, network.tokenRequests.length];
    const pendingResponses = await Promise.all(pages.map(requestItems));
    recordStatuses(
      findings,
      'duplicate',
      await Promise.all(pendingResponses.map((waitForResponse) => waitForResponse())),
    );
    const newRequests = network.tokenRequests.slice(requestCount);
    if (newRequests.length !== 2)
      findings.violations.push(`duplicate: ${newRequests.length} token requests instead of 1 for each login`);
    findings.leaks += countOtherSubjects('user-alice', subjects.slice(subjectCount));
  };
}

/** The first tab and its duplicate, the last tab, run in one process, so they would be frozen together. */
const isAlone = (page: Page, pages: readonly Page[]) => page !== pages[0] && page !== pages.at(-1);

function recordStatuses(
  findings: Found,
  name: string,
  statuses: readonly (number | string | undefined)[],
): void {
  const signedOut = statuses.filter((status) => status !== 200);
  findings.signedOut += signedOut.length;
  if (signedOut.length > 0)
    findings.violations.push(
      `${name}: tabs without a response (${signedOut.map((status) => status ?? 'none')})`,
    );
}

const countOtherSubjects = (user: string, subjects: readonly string[]): number =>
  subjects.filter((subject) => subject !== user).length;
