import { expect, type Page, test } from '@playwright/test';
import { type HttpsHosts, startHttpsHosts } from '../../support/servers/proxies/https-hosts.ts';
import { type RowApp, startRowApp } from '../../support/session-rows/row.ts';

// The settings of `cookie.sameSite` in Chromium, on a production build behind https, with a provider on another site: in a
// window, in a frame of a sibling host and in a frame of another site.

let app: RowApp;
let hosts: HttpsHosts;

/** A page on a sibling host of the application, and one on another site. Each shows an address in a frame or as a link. */
const embedders = { sibling: 'https://portal.example.test', 'other site': 'https://portal.test' } as const;

function createEmbedderPage({ origin, searchParams }: URL): string | undefined {
  if (!Object.values<string>(embedders).includes(origin)) return undefined;
  const link = searchParams.get('link');
  return link === null
    ? `<iframe src="${searchParams.get('frame')}"></iframe>`
    : `<a href="${link}">Link</a>`;
}

test.beforeAll(async () => {
  test.setTimeout(300_000);
  app = await startRowApp();
  hosts = await startHttpsHosts(app.origin, createEmbedderPage);
});
test.afterAll(async () => {
  await hosts?.close();
  await app?.stop();
});

const settings = ['lax', 'strict', 'none', 'partitioned'] as const;
type Setting = (typeof settings)[number];

const findOrigin = (setting: Setting) => `https://https-${setting}.example.test`;
const data = 'alice has 200 []';

/** Opens a window without cookies. The provider shows a page, which starts the navigation to the application. */
async function openWindow(): Promise<Page> {
  app.op.signIn('alice');
  const page = await (await hosts.browser.newContext()).newPage();
  await page.route(
    (url) => url.origin === app.op.issuer,
    async (route) => {
      const { href } = (await app.op.authorize(route.request().url())).url;
      const body = `<!doctype html><meta http-equiv="refresh" content="0; url=${href.replaceAll('&', '&amp;')}">`;
      await route.fulfill({ contentType: 'text/html', body });
    },
  );
  return page;
}

const countLogins = () => app.op.requestsTo('authorization').length;

/** Opens the page of the application in a frame. Returns the body of the frame. */
async function openFrame(page: Page, embedder: string, address: string) {
  await page.goto(`${embedder}/?${new URLSearchParams({ frame: address })}`);
  return page.frameLocator('iframe').locator('body');
}

for (const setting of settings)
  test(`${setting}: one login in a window, and the next page needs none`, async () => {
    const page = await openWindow();
    const logins = countLogins();
    await page.goto(`${findOrigin(setting)}/items?tab=1`);
    await expect(page.getByText(data)).toBeVisible();
    await expect(page).toHaveURL(`${findOrigin(setting)}/items?tab=1`);
    expect(countLogins()).toBe(logins + 1);
    await page.goto(`${findOrigin(setting)}/items`);
    await expect(page.getByText(data)).toBeVisible();
    expect(countLogins()).toBe(logins + 1);
    const sameSite = { lax: 'Lax', strict: 'Strict', none: 'None', partitioned: 'None' }[setting];
    const cookies = await page.context().cookies(findOrigin(setting));
    expect(cookies.map(({ name }) => name)).toContain('__Host-session');
    const expected = { sameSite, secure: true, httpOnly: true };
    for (const { name, ...cookie } of cookies) expect(cookie, name).toMatchObject(expected);
    // Browsers send a strict cookie to no page that a link of another site opens: it redirects through the login.
    const link = `${findOrigin(setting)}/items?tab=2`;
    await page.goto(`${embedders['other site']}/?${new URLSearchParams({ link })}`);
    await page.getByRole('link', { name: 'Link' }).click();
    await expect(page.getByText(data)).toBeVisible();
    await expect(page).toHaveURL(link);
    expect(countLogins()).toBe(setting === 'strict' ? logins + 2 : logins + 1);
    await page.context().close();
  });

for (const [place, embedder] of Object.entries(embedders))
  for (const setting of settings) {
    // Browsers send lax and strict cookies to no frame of another site. These windows block third-party cookies, as private
    // windows do, so that only a partitioned cookie reaches such a frame.
    const isBlocked = place === 'other site' && setting !== 'partitioned';
    const outcome = isBlocked ? 'no session, and no endless logins' : 'one login, and a session';
    test(`${setting}: a frame of ${place === 'sibling' ? 'a sibling host' : 'another site'} has ${outcome}`, async () => {
      const page = await openWindow();
      const logins = countLogins();
      const address = `${findOrigin(setting)}/items`;
      const frame = await openFrame(page, embedder, address);
      if (isBlocked) {
        await expect(frame.getByRole('heading')).toHaveText('This login cannot be completed');
        expect(countLogins()).toBe(logins + 1);
        expect(await page.context().cookies(findOrigin(setting))).toEqual([]);
        await page.context().close();
        return;
      }
      await expect(frame).toContainText(data);
      expect(countLogins()).toBe(logins + 1);
      await openFrame(page, embedder, address);
      await expect(frame).toContainText(data);
      expect(countLogins()).toBe(logins + 1);
      // With Partitioned, the session belongs to the frames of this site.
      await page.goto(findOrigin(setting));
      const session = await page.evaluate(async () => (await fetch('/auth/session')).json());
      const isShared = !(setting === 'partitioned' && place === 'other site');
      expect(session.session?.user.sub).toBe(isShared ? 'alice' : undefined);
      await page.context().close();
    });
  }
