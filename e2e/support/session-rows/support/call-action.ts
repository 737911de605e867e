import type { HttpBrowser, VisitedPage } from '../../http-browser.ts';
import type { RowApp } from '../row.ts';

/** Calls an action as the router does, or posts its form as a browser without scripts. */
export async function callAction(
  app: RowApp,
  browser: HttpBrowser,
  {
    name,
    by,
    host,
    path = '/rename',
    cookie,
  }: {
    readonly name: string;
    readonly by: 'router' | 'form';
    readonly host?: string;
    /** The page to which the router sends the action. */
    readonly path?: string;
    readonly cookie?: string;
  },
): Promise<VisitedPage> {
  // Without a session, the page is the same.
  const { html } = await app.open().visit('/rename');
  const form = new RegExp(`id="${name}".*?</form>`, 's').exec(html)?.[0] ?? '';
  const action = /name="\$ACTION_ID_([^"]+)"/.exec(form)?.[1] ?? '';
  if (by === 'form') {
    const fields = new FormData();
    fields.set(`$ACTION_ID_${action}`, '');
    return browser.visit('/rename', { form: fields });
  }
  return browser.visit(path, {
    method: 'POST',
    headers: {
      origin: host ? `http://${host}` : app.origin,
      'next-action': action,
      'content-type': 'text/plain;charset=UTF-8',
      accept: 'text/x-component',
    },
    body: '[]',
    ...(cookie !== undefined && { cookie }),
  });
}
