import { createHash } from 'node:crypto';
import { styles } from './styles.ts';

/** Text made safe for HTML, attributes included. */
export function escapeHtml(text: unknown): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return String(text ?? '').replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** The mark of the demo, so that no browser asks for a file. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#0b6b5d"/><rect x="4" y="4" width="8" height="8" rx="1" fill="none" stroke="#fff" stroke-width="2"/></svg>',
)}`;

const hash = (source: string) => `'sha256-${createHash('sha256').update(source).digest('base64')}'`;

/**
 * Nothing from elsewhere, no inline script but the one given, and no framing.
 * Forms may lead anywhere: browsers apply `form-action` to the redirects that follow, and those go to the clients.
 */
export function contentSecurityPolicy(script?: string): string {
  const scripts = script === undefined ? "'none'" : hash(script);
  return `default-src 'none'; style-src ${hash(styles)}; script-src ${scripts}; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'`;
}

export interface Page {
  readonly title: string;
  /** HTML; everything in it that came from outside is escaped. */
  readonly main: string;
  readonly script?: string;
}

/** A whole page, the same frame around each. */
export function renderPage({ title, main, script }: Page): string {
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
<header><span class="mark" aria-hidden="true"></span>Countersign <span class="muted">demo provider</span></header>
<main>
${main}
</main>
<footer>For demonstration only. Everything here is forgotten when the process ends.</footer>
${script === undefined ? '' : `<script>${script}</script>`}
</body>
</html>`;
}
