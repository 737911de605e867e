import { createHash } from 'node:crypto';

const style = `
:root { color-scheme: light dark; --line: #d7d7e0; --ink: #1c1c28; --soft: #5d5d6e; --paper: #fbfbfd; }
@media (prefers-color-scheme: dark) { :root { --line: #363645; --ink: #ededf4; --soft: #a5a5b6; --paper: #14141b; } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 26rem; margin: 1rem; padding: 2rem; border: 1px solid var(--line); border-radius: 12px; }
h1 { margin: 0 0 .5rem; font-size: 1.25rem; }
p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
`;

export interface Page {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

export const signedInPage: Page = {
  status: 200,
  title: 'You are signed in',
  text: 'You can close this window and return to the terminal.',
};

export const stateMismatchPage: Page = {
  status: 400,
  title: 'This response does not belong to your login',
  text: 'The state does not match the login in progress. The response was rejected. Return to the terminal and open the URL that it shows.',
};

export const alreadyUsedPage: Page = {
  status: 410,
  title: 'This login is already complete',
  text: 'A response can be used only once. To log in again, run "login" in the terminal.',
};

export const notFoundPage: Page = { status: 404, title: 'Page not found', text: 'Return to the terminal.' };

export const createFailurePage = (reason: string): Page => ({
  status: 400,
  title: 'The login failed',
  text: `${reason} No tokens were stored. Return to the terminal to try again.`,
});

const styleHash = createHash('sha256').update(style).digest('base64');

/** The URL contains a code: the page is not cached, not framed, sends no referrer and runs no script. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
};

/** Renders a page as HTML. All text is escaped, because it can contain text of the provider. */
export function renderPage({ title, text }: Page): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p></main></body></html>
`;
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
