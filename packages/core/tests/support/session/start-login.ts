import { baseUrl, type createWebApp } from '../web-browser.ts';

export const html = { accept: 'text/html' };

export const sameOrigin = { origin: baseUrl };

export const form = { 'content-type': 'application/x-www-form-urlencoded' };

export const getPath = (url: URL) => url.pathname + url.search;

export async function startLogin(
  app: Awaited<ReturnType<typeof createWebApp>>,
  path = '/auth/login?returnTo=/wanted',
) {
  const browser = app.open();
  const response = await browser.visit(path);
  const url = new URL(response.headers.get('location') ?? '');
  return { browser, url, authorize: () => app.server.authorize(url) };
}
