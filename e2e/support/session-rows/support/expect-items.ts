import assert from 'node:assert/strict';
import type { HttpBrowser } from '../../http-browser.ts';
import { data } from '../row.ts';

/** Opens the page with the data of the API. A failure shows the page. */
export async function expectItems(browser: HttpBrowser, description = ''): Promise<void> {
  const { status, html } = await browser.visit('/items');
  assert.ok(html.includes(data), `${description} ${status} ${html}`);
}
