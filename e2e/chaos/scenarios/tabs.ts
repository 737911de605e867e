import { setTimeout as delay } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, expect, type Page } from '@playwright/test';
import { chromiumLaunchOptions } from '../../../scripts/lib/chromium.ts';
import { itemsAreShown, signIn } from '../../support/angular-spa.ts';
import { accessTokenLife, urls } from '../../support/environment.ts';
import { alice, loggedRequests, signInAtProvider, tokenRequests } from '../../support/provider.ts';
import startServers from '../../support/servers.ts';
import { createRandom, type Random } from '../random.ts';
import type { Report } from '../run.ts';

const tabsOfEach = 5;

/** Five tabs of an application whose tokens have all ended: one is closed in the midst of the refresh, one frozen, one a duplicate. */
export async function tabs(seed: number): Promise<Report> {
  const random = createRandom(seed);
  const stop = await startServers();
  const browser = await chromium.launch(chromiumLaunchOptions);
  try {
    const found = [
      await angularTabs(browser, random),
      await nextTabs(browser, random),
      await duplicatedTab(browser),
    ];
    const broken = found.flatMap(({ broken }) => broken);
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    return {
      tried: `${tabsOfEach} tabs of the Angular app and ${tabsOfEach} of the Next app, one of each closed in the midst of the refresh, one frozen, one a duplicate; a duplicate with tokens of its own`,
      tokenRequests: sum(found.map(({ requests }) => requests)),
      sessionsLost: sum(found.map(({ signedOut }) => signedOut)),
      leaks: sum(found.map(({ leaks }) => leaks)),
      broken,
    };
  } finally {
    await browser.close();
    await stop();
  }
}

interface Found {
  readonly requests: number;
  readonly signedOut: number;
  readonly leaks: number;
  readonly broken: readonly string[];
}

/** Tokens are shared by all tabs; whichever gets its turn first is closed before its request has left. */
async function angularTabs(browser: Browser, random: Random): Promise<Found> {
  const context = await angularContext(browser, 'shared');
  const first = await context.newPage();
  await signIn(first);
  const pages = [first];
  while (pages.length < tabsOfEach - 1) {
    const page = await context.newPage();
    await page.goto('/items');
    pages.push(page);
  }
  pages.push(await duplicate(first));
  await Promise.all(pages.map(itemsAreShown));
  const holder = holdFirstRefresh(context);
  const subjects = recordSubjects(context);
  await tokensHaveEnded();
  const since = loggedRequests().length;
  const answers = new Map(pages.map((page) => [page, nextItems(page)]));
  await Promise.all(pages.map(clickReload));
  const closed = await holder;
  const others = pages.filter((page) => page !== closed);
  const frozen = random.pick(others.filter((page) => isAlone(page, pages)));
  const { freeze, thaw } = await prepareFreeze(frozen);
  await freeze();
  // Its document is gone, and with it whatever it did; a debugged tab that is closed would let the held request go.
  await closed.goto('about:blank');
  await closed.close();
  const live = others.filter((page) => page !== frozen);
  const broken: string[] = [];
  const statuses = await Promise.all(live.map((page) => answers.get(page)));
  const made = tokenRequests('angular-spa', 'refresh_token', since);
  if (made.length !== 1) broken.push(`Angular: ${made.length} token requests instead of 1`);
  await thaw();
  statuses.push(await answers.get(frozen));
  const all = tokenRequests('angular-spa', 'refresh_token', since);
  const signedOut = statuses.filter((status) => status !== 200);
  if (signedOut.length > 0) broken.push(`Angular: tabs without an answer of the API (${signedOut})`);
  if (all.some(({ status }) => status !== 200)) broken.push('Angular: a refused token request');
  await context.close();
  return {
    requests: made.length,
    signedOut: signedOut.length,
    leaks: othersThanOne(await subjects()),
    broken,
  };
}

/** The session is in the cookie that all tabs send; one tab never takes the answer that sets the new one. */
async function nextTabs(browser: Browser, random: Random): Promise<Found> {
  const context = await browser.newContext({ baseURL: urls.nextWeb });
  const first = await context.newPage();
  await first.goto('/profile');
  await signInAtProvider(first, alice);
  const pages = [first];
  while (pages.length < tabsOfEach - 1) {
    const page = await context.newPage();
    await page.goto('/profile');
    pages.push(page);
  }
  pages.push(await duplicate(first));
  for (const page of pages) await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  const closed = random.pick(pages);
  const others = pages.filter((page) => page !== closed);
  const frozen = random.pick(others.filter((page) => isAlone(page, pages)));
  await askForSummary(first);
  const { user } = await summaryOf(first);
  const { freeze, thaw } = await prepareFreeze(frozen);
  await tokensHaveEnded();
  const since = loggedRequests().length;
  await Promise.all(pages.map(askForSummary));
  await freeze();
  await delay(random.below(30));
  await closed.close();
  const live = others.filter((page) => page !== frozen);
  const broken: string[] = [];
  const outcomes = await Promise.all(live.map(summaryOf));
  const made = tokenRequests('next-web', 'refresh_token', since);
  if (made.length !== 1) broken.push(`Next: ${made.length} token requests instead of 1`);
  await thaw();
  outcomes.push(await summaryOf(frozen));
  // Once more, with whatever cookie the browser was left with.
  await Promise.all(others.map(askForSummary));
  outcomes.push(...(await Promise.all(others.map(summaryOf))));
  const all = tokenRequests('next-web', 'refresh_token', since);
  const signedOut = outcomes.filter(({ status }) => status !== 200);
  if (signedOut.length > 0)
    broken.push(`Next: tabs without a session (${signedOut.map(({ status }) => status)})`);
  if (all.some(({ status }) => status !== 200)) broken.push('Next: a refused token request');
  await context.close();
  return {
    requests: made.length,
    signedOut: signedOut.length,
    leaks: outcomes.filter((outcome) => outcome.status === 200 && outcome.user !== user).length,
    broken,
  };
}

/** A tab and its duplicate, the first and the last, run in one process, where both would be frozen at once. */
const isAlone = (page: Page, pages: readonly Page[]) => page !== pages[0] && page !== pages.at(-1);

/** Each tab has tokens of its own, and the browser has copied those of one: two must not spend the same. */
async function duplicatedTab(browser: Browser): Promise<Found> {
  const context = await angularContext(browser, 'tab');
  const first = await context.newPage();
  await signIn(first);
  const pages = [first, await duplicate(first)];
  await Promise.all(pages.map(itemsAreShown));
  const subjects = recordSubjects(context);
  await tokensHaveEnded();
  const since = loggedRequests().length;
  const answers = pages.map(nextItems);
  await Promise.all(pages.map(clickReload));
  const signedOut = (await Promise.all(answers)).filter((status) => status !== 200);
  const made = tokenRequests('angular-spa', 'refresh_token', since);
  const broken: string[] = [];
  if (signedOut.length > 0) broken.push('duplicate: a tab without an answer of the API');
  if (made.length !== 2) broken.push(`duplicate: ${made.length} token requests instead of 1 for each login`);
  if (made.some(({ status }) => status !== 200)) broken.push('duplicate: a refused token request');
  await context.close();
  return {
    requests: made.length,
    signedOut: signedOut.length,
    leaks: othersThanOne(await subjects()),
    broken,
  };
}

async function angularContext(browser: Browser, storage: 'shared' | 'tab'): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: urls.angularSpa });
  await context.route('**/config.json', async (route) => {
    const settings = await (await route.fetch()).json();
    await route.fulfill({ json: { ...settings, storage } });
  });
  return context;
}

/** As the browser's own command does it: with a copy of the tab's `sessionStorage`. */
async function duplicate(page: Page): Promise<Page> {
  const opened = page.waitForEvent('popup');
  await page.evaluate(() => void window.open(location.href));
  return opened;
}

const tokensHaveEnded = () => delay((accessTokenLife + 1) * 1000);

const clickReload = (page: Page) => page.getByRole('button', { name: 'Reload' }).click();

/** The status of the API's next answer; `undefined` when there is none. */
const nextItems = (page: Page): Promise<number | undefined> =>
  page
    .waitForResponse(
      (response) => response.url() === `${urls.nestApi}/items` && response.request().method() === 'GET',
      { timeout: 20_000 },
    )
    .then(
      (response) => response.status(),
      () => undefined,
    );

/** Keeps the next token request from leaving. @returns the tab that sent it */
function holdFirstRefresh(context: BrowserContext): Promise<Page> {
  return new Promise((resolve) => {
    let held = false;
    void context.route(`${urls.identityProvider}/token`, async (route) => {
      if (held || route.request().method() !== 'POST') return route.continue();
      held = true;
      resolve(route.request().frame().page());
    });
  });
}

/** Stops a tab's scripts, as a browser does with tabs in the background; made ready before, so that it takes no time. */
async function prepareFreeze(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Debugger.enable');
  // Scripts are stopped at their next step, so there must be one.
  await page.evaluate(() => void setInterval(() => {}, 5));
  return {
    async freeze() {
      const paused = new Promise((resolve) => session.once('Debugger.paused', resolve));
      await session.send('Debugger.pause');
      await paused;
    },
    thaw: () => session.detach(),
  };
}

/** Whose tokens go to the API from now on. */
function recordSubjects(context: BrowserContext): () => Promise<string[]> {
  const reading: Promise<string>[] = [];
  context.on('request', (request) => {
    if (request.url() !== `${urls.nestApi}/items` || request.method() !== 'GET') return;
    const subject = request.allHeaders().then(({ authorization = '' }) => {
      const payload = authorization.split('.')[1] ?? '';
      return String(JSON.parse(Buffer.from(payload, 'base64url').toString()).sub);
    });
    subject.catch(() => {});
    reading.push(subject);
  });
  return () => Promise.all(reading);
}

const othersThanOne = (subjects: readonly string[]): number =>
  subjects.filter((subject) => subject !== subjects[0]).length;

interface Summary {
  readonly status: number;
  readonly user?: string;
}

type SummaryPage = typeof globalThis & { summary?: Promise<Summary> };

/** Asks in the page, and leaves the answer there. */
const askForSummary = (page: Page) =>
  page.evaluate(() => {
    (globalThis as SummaryPage).summary = fetch('/api/summary').then(async (response) => ({
      status: response.status,
      ...(response.ok && { user: (await response.json()).user }),
    }));
  });

const summaryOf = (page: Page): Promise<Summary> =>
  page.evaluate(() => (globalThis as SummaryPage).summary ?? { status: 0 });
