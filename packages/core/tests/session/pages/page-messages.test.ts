// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, expect, test, vi } from 'vitest';
import type { PageMessages } from '../../../src/session/index.ts';
import { denyLogin, german, html, markup, sendUnknownCallback } from '../../support/session/failed-logins.ts';
import { createWebApp } from '../../support/web-browser.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('S1: escapes markup of the request, the provider and the messages', async () => {
  const hostile: PageMessages = {
    language: markup,
    direction: markup as 'ltr',
    pages: { denied: { title: markup, text: markup }, logoutQuestion: { title: markup, text: markup } },
    labels: { tryAgain: markup, back: markup, logOut: markup, stay: markup },
  };
  for (const messages of [{}, () => hostile, { de: hostile }]) {
    const app = await createWebApp({ messages });
    const headers = { ...html, 'accept-language': 'de' };
    const texts = [
      await (await denyLogin(app, `/${markup}`, headers)).response.text(),
      await (await denyLogin(app, `/target`, headers, markup)).response.text(),
      await (
        await app.open().visit(`/auth/logout?returnTo=${encodeURIComponent(markup)}`, { headers })
      ).text(),
      await (
        await app
          .open()
          .visit(`/auth/logout?ended=application&returnTo=${encodeURIComponent(markup)}`, { headers })
      ).text(),
    ];
    for (const text of texts) {
      expect(text).not.toContain('<script');
      expect(text.match(/<h1>/g)).toHaveLength(1);
    }
  }
});

const arabic: PageMessages = { direction: 'rtl', pages: { denied: { title: 'ar', text: 'ar' } } };

test.each([
  ['de', 'de', 'Nicht angemeldet'],
  ['de-AT', 'de', 'Nicht angemeldet'],
  ['fr, DE;q=0.5, en;q=0.3', 'de', 'Nicht angemeldet'],
  ['de;q=0.1, ar-EG;q=0.9', 'ar-EG', 'ar'],
  ['ar', 'ar-EG', 'ar'],
  ['en-US, de;q=0.9', 'en', 'Not logged in'],
  ['fr', 'en', 'Not logged in'],
  ['de;q=0', 'en', 'Not logged in'],
  ['*', 'en', 'Not logged in'],
  ['constructor, __proto__, toString', 'en', 'Not logged in'],
  [',;q=,;;q=x,-,--', 'en', 'Not logged in'],
  [`${'xx,'.repeat(5_000)}de`, 'en', 'Not logged in'],
  ['', 'en', 'Not logged in'],
])('chooses the language for "Accept-Language: %s"', async (header, language, title) => {
  const app = await createWebApp({ messages: { de: german, 'ar-EG': arabic } });
  const { response } = await denyLogin(app, '/', { ...html, 'accept-language': header });
  const text = await response.text();
  expect(text).toContain(`<html lang="${language}" dir="${language === 'ar-EG' ? 'rtl' : 'ltr'}">`);
  expect(text).toContain(`<h1>${title}</h1>`);
});

test('shows an English text if its translation is missing', async () => {
  const app = await createWebApp({ messages: { de: german } });
  const { response } = await denyLogin(app, '/', { ...html, 'accept-language': 'de' });
  const text = await response.text();
  expect(text).toContain('Erneut versuchen</a>');
  expect(text).toContain('Back</a>');
});

test('reads the texts from a function, and shows English texts if the function fails', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const readLanguage = (request: Request) =>
    request.headers.get('cookie')?.includes('language=de') ? { language: 'de', ...german } : undefined;
  const app = await createWebApp({ messages: readLanguage });
  const browser = app.open(new Map([['language', 'de']]));
  const germanPage = await browser.visit(`/auth/callback?code=x&state=${'y'.repeat(43)}`, { headers: html });
  expect(await germanPage.text()).toContain('<html lang="de"');
  const appWithError = await createWebApp({
    messages: () => {
      throw new Error('x');
    },
  });
  expect(await (await sendUnknownCallback(appWithError)).text()).toContain('<html lang="en"');
  const invalidMessages = { en: { pages: { loginExpired: { title: 5 } }, labels: { back: null } } };
  const appWithInvalidMessages = await createWebApp({ messages: (() => invalidMessages.en) as never });
  const response = await sendUnknownCallback(appWithInvalidMessages, { ...html, 'accept-language': 'en' });
  expect(await response.text()).toContain('<h1>This login cannot be completed</h1>');
});

test.each<[string, () => unknown]>([
  ['rejects', () => Promise.reject(new Error('x'))],
  ['resolves', async () => german],
  [
    'returns a thenable that rejects',
    // biome-ignore lint/suspicious/noThenProperty: the test needs a thenable.
    () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('x')) }),
  ],
  ['returns null', () => null],
  ['returns a number', () => 5],
  ['returns a list', () => [german]],
  ['returns a wrong language', () => ({ language: 5, direction: null })],
  ['returns a rejected language', () => ({ language: Promise.reject(new Error('x')) })],
  ['returns no labels', () => ({ labels: null, pages: null })],
  ['returns texts of wrong types', () => ({ labels: 5, pages: { loginExpired: null, denied: 'x' } })],
  ['returns rejected texts', () => ({ labels: { back: Promise.reject(new Error('x')) } })],
  ['returns rejected pages', () => ({ pages: { loginExpired: Promise.reject(new Error('x')) } })],
  [
    'returns texts that throw',
    () => ({
      get labels() {
        throw new Error('x');
      },
    }),
  ],
])('shows English texts if the function "messages" %s', async (_, messages) => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const app = await createWebApp({ messages: messages as never });
  const response = await sendUnknownCallback(app);
  expect(response.status).toBe(400);
  const text = await response.text();
  expect(text).toContain('<html lang="en" dir="ltr">');
  expect(text).toContain('<h1>This login cannot be completed</h1>');
  const question = await app.open().visit('/auth/logout', { headers: html });
  expect(await question.text()).toContain('Stay signed in');
});
