import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { portOf, reportsClient, settingsFromEnvironment } from './src/app/settings.server.ts';

const root = fileURLToPath(new URL('dist/browser', import.meta.url));
/** The page for the browser alone: the same for every address. */
const page = join(root, 'index.csr.html');
const port = portOf(process.env.ANGULAR_SPA_PORT, 4200);
const origin = `http://localhost:${port}`;
const settings = settingsFromEnvironment();
const { issuer, apiUrl } = settings;
/** Renders pages on the server, where the setting says so. */
const render = settings.serverRendering ? await loadRenderer() : undefined;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
};

/** What a page may load and talk to: itself, the provider and the API. */
const policy = (frameAncestors: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    // Component styles are style elements.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self'",
    `connect-src 'self' ${new URL(issuer).origin} ${new URL(apiUrl).origin}`,
    // The hidden frame of the silent login goes to the provider and comes back here.
    `frame-src 'self' ${new URL(issuer).origin}`,
    `frame-ancestors ${frameAncestors}`,
    "base-uri 'self'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types angular angular#bundler default',
  ].join('; ');

function headersFor(path: string): Record<string, string> {
  const framed = path === '/silent-callback.html';
  return {
    'content-security-policy': policy(framed ? "'self'" : "'none'"),
    'x-content-type-options': 'nosniff',
    // The callback's address holds a code: it must not be told to anybody.
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': /-[\w-]{8}\.(js|css)$/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(response, 405, 'Method not allowed');
  const path = pathOf(request.url ?? '/');
  if (path === undefined) return text(response, 400, 'Bad request');
  if (path === '/health') return json(response, { status: 'ok' });
  if (path === '/config.json') return json(response, settings);
  if (path === '/reports.json') return json(response, reportsClient(origin));
  const file = join(root, normalize(path));
  if (file.startsWith(root + sep) && (await isFile(file))) return send(response, file, path);
  // A missing asset is missing; only addresses of pages show the app.
  if (extname(path) !== '') return text(response, 404, 'Not found');
  if (render && (await render(request, response, headersFor('/')))) return;
  return send(response, page, '/');
}

async function loadRenderer() {
  const { render }: typeof import('./src/server.ts') = await import(
    new URL('dist/server/server.mjs', import.meta.url).href
  );
  return render;
}

function pathOf(url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    return path.includes('\0') ? undefined : path;
  } catch {
    return undefined;
  }
}

const isFile = (file: string) =>
  stat(file).then(
    (found) => found.isFile(),
    () => false,
  );

function send(response: ServerResponse, file: string, path: string): void {
  const type = types[extname(file)] ?? 'application/octet-stream';
  response.writeHead(200, { ...headersFor(path), 'content-type': type });
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}

function json(response: ServerResponse, value: object): void {
  response.writeHead(200, {
    ...headersFor('/'),
    'cache-control': 'no-store',
    'content-type': types['.json'],
  });
  response.end(JSON.stringify(value));
}

function text(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { ...headersFor('/'), 'content-type': types['.txt'] });
  response.end(`${message}\n`);
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(
    error.code === 'EADDRINUSE'
      ? `Port ${port} is taken: end what runs there, or set ANGULAR_SPA_PORT.`
      : error.message,
  );
  process.exit(1);
});
if (!(await isFile(page))) {
  console.error('The app is not built yet: run "ng build" in this folder.');
  process.exit(1);
}
server.listen(port, 'localhost', () => console.log(`angular-spa is at ${origin}`));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
