import { createHash } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Context } from '../http/context.ts';
import { styles } from './styles.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML content and attributes. */
export function escapeHtml(text: unknown): string {
  return String(text ?? '').replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

export interface Page {
  readonly title: string;
  /** HTML. External values in it are escaped. */
  readonly main: string;
  readonly wide?: boolean;
  readonly script?: string;
  /**
   * The URL to which a form submission may redirect, besides this provider. Browsers apply `form-action` to the redirects
   * that follow a submission.
   */
  readonly formTarget?: string | undefined;
}

const hash = (source: string) => `'sha256-${createHash('sha256').update(source).digest('base64')}'`;
const styleHash = hash(styles);

/** Allows no external content, no inline script except the page's script, and no framing. */
function contentSecurityPolicy({ script, formTarget }: Page): string {
  const target = formTarget === undefined ? undefined : URL.parse(formTarget);
  const isWeb = target?.protocol === 'https:' || target?.protocol === 'http:';
  return [
    "default-src 'none'",
    'img-src data:',
    `style-src ${styleHash}`,
    `script-src ${script === undefined ? "'none'" : hash(script)}`,
    `form-action 'self'${target ? ` ${isWeb ? target.origin : target.protocol}` : ''}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** The logo: two chevrons on a badge. */
const mark = `<svg class="mark" viewBox="0 0 28 28" aria-hidden="true"><rect width="28" height="28" rx="8" fill="currentColor"/><path d="M13 8.5 7.5 14l5.5 5.5M15.5 8.5 21 14l-5.5 5.5" fill="none" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
const icon = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28"><rect width="28" height="28" rx="8" fill="#0b6b5d"/><path d="M13 8.5 7.5 14l5.5 5.5M15.5 8.5 21 14l-5.5 5.5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>`,
)}`;

/** Renders a page with the shared header and footer. */
export function renderPage({ title, main, script, wide }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} - Countersign demo provider</title>
<link rel="icon" href="${icon}">
<style>${styles}</style>
</head>
<body>
<header>${mark}<span>Countersign <span class="muted">demo provider</span></span></header>
<main${wide ? ' class="wide"' : ''}>
${main}
</main>
<footer>For demonstration only. All data is lost when the provider stops.</footer>
${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>`;
}

/** Sends a page that is not cached, not framed, and loads no external content. */
export function showPage(ctx: Context | KoaContextWithOIDC, page: Page, status = 200): void {
  ctx.status = status;
  ctx.type = 'html';
  ctx.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy': contentSecurityPolicy(page),
    'Referrer-Policy': 'no-referrer',
  });
  ctx.body = renderPage(page);
}
