import type { CookieToSet } from '../cookies/cookies.ts';
import { createSessionHeaders } from '../http/responses.ts';
import type { DeveloperNotes } from './developer-notes.ts';
import type { ResolvedMessages } from './page-messages.ts';

/** A link, or a form that is posted. */
export type PageAction =
  | { readonly label: string; readonly href: string }
  | { readonly label: string; readonly post: string; readonly fields: Readonly<Record<string, string>> };

export interface PageContent {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** A short code that the user can pass on to support. */
  readonly code?: string;
  /** Only on a development server. */
  readonly developerNotes?: DeveloperNotes | undefined;
  /** The first action is the main one. */
  readonly actions: readonly PageAction[];
  readonly messages: Pick<ResolvedMessages, 'language' | 'direction'>;
  readonly cookies?: readonly CookieToSet[];
  /** The page continues to this address automatically. */
  readonly continueTo?: string;
}

const style = `:root{color-scheme:light dark;--background:light-dark(#f4f6f5,#0f1413);--surface:light-dark(#fff,#171e1c);--text:light-dark(#16201d,#e8efec);--muted:light-dark(#55625d,#9fb0a9);--border:light-dark(#d8dfdb,#2d3835);--accent:light-dark(#0b6b5d,#63d2bb);--on-accent:light-dark(#fff,#05231d)}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--background);color:var(--text);font:1.0625rem/1.6 system-ui,sans-serif}
main{max-width:30rem;width:100%;background:var(--surface);border:1px solid var(--border);border-radius:.9rem;padding:2rem}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25;text-wrap:balance}p{margin:0 0 1.25rem;color:var(--muted);text-wrap:pretty;overflow-wrap:anywhere}code{font-size:.875rem}
section{margin-top:1.75rem;border-top:1px solid var(--border);padding-top:1.25rem}h2{margin:0 0 .5rem;font-size:1.0625rem}dl{margin:0 0 1.25rem;overflow-wrap:anywhere}dt{font-weight:600}dd{margin:0 0 .75rem;color:var(--muted)}section p:last-child{margin:0;font-size:.875rem}
.actions{display:flex;flex-wrap:wrap;gap:.75rem}
.go{display:inline-block;border:1px solid transparent;border-radius:.55rem;padding:.7rem 1.2rem;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;text-decoration:none;cursor:pointer}
.go.quiet{background:transparent;border-color:var(--muted);color:var(--text)}
.go:focus-visible{outline:3px solid var(--accent);outline-offset:3px}`;

/** Creates a page of this library. Its texts are those of the application or of this library, and are escaped. */
export function createPage(content: PageContent): Response {
  const { messages, title, text, code, actions, continueTo } = content;
  const headers = createSessionHeaders(content.cookies);
  headers.set('content-type', 'text/html; charset=utf-8');
  // Another site must not place a form below its own page (clickjacking). An embedded application needs the other pages.
  const hasForm = actions.some((action) => 'post' in action);
  headers.set(
    'content-security-policy',
    `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'${hasForm ? "; frame-ancestors 'none'" : ''}`,
  );
  const codeHtml = code === undefined ? '' : `<p><code>${escapeHtml(code)}</code></p>`;
  const textHtml = text === '' ? '' : `<p>${escapeHtml(text)}</p>`;
  const refresh =
    continueTo === undefined
      ? ''
      : `<meta http-equiv="refresh" content="0; url=${escapeHtml(continueTo.replaceAll("'", '%27'))}">`;
  const html = `<!doctype html><html lang="${escapeHtml(messages.language)}" dir="${escapeHtml(messages.direction)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">${refresh}<title>${escapeHtml(title)}</title><style>${style}</style></head><body><main><h1>${escapeHtml(title)}</h1>${textHtml}${codeHtml}<div class="actions">${actions.map(createActionHtml).join('')}</div>${createNotesHtml(content.developerNotes)}</main></body></html>`;
  return new Response(html, { status: content.status, headers });
}

function createNotesHtml(notes: DeveloperNotes | undefined): string {
  if (notes === undefined) return '';
  const entries = { Cause: notes.cause, Remedy: notes.remedy };
  const list = Object.entries(entries)
    .map(([term, text]) =>
      text === undefined ? '' : `<dt>${term}</dt><dd>${renderCode(escapeHtml(text))}</dd>`,
    )
    .join('');
  return `<section lang="en" dir="ltr" aria-labelledby="notes"><h2 id="notes">For developers</h2><p>${escapeHtml(notes.message)}</p><dl>${list}</dl><p>This section appears only with <code>NODE_ENV=development</code>.</p></section>`;
}

/** Renders the code of Markdown. */
const renderCode = (html: string): string => html.replace(/`([^`]+)`/g, '<code>$1</code>');

function createActionHtml(action: PageAction, index: number): string {
  const classes = index === 0 ? 'go' : 'go quiet';
  const label = escapeHtml(action.label);
  if ('href' in action) return `<a class="${classes}" href="${escapeHtml(action.href)}">${label}</a>`;
  const fields = Object.entries(action.fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('');
  return `<form method="post" action="${escapeHtml(action.post)}">${fields}<button class="${classes}">${label}</button></form>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
