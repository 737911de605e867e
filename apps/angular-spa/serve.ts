import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReportsConfig, readPort, readSettings } from './src/app/settings/settings.server.ts';

const root = fileURLToPath(new URL('dist/browser', import.meta.url));
/** The client-rendered page, which is the same for all URLs. */
const page = join(root, 'index.csr.html');
const port = readPort(process.env.ANGULAR_SPA_PORT, 4200);
const origin = `http://localhost:${port}`;
const settings = readSettings();
const { issuer, apiUrl } = settings;
/** Renders pages on the server if `serverRendering` is set. */
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

/** The content security policy: a page may connect to this server, the provider and the API. */
const createPolicy = (frameAncestors: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    // Angular inserts component styles as style elements.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self'",
    `connect-src 'self' ${new URL(issuer).origin} ${new URL(apiUrl).origin}`,
    // The hidden frame of the silent login loads the provider, which redirects to this server.
    `frame-src 'self' ${new URL(issuer).origin}`,
    `frame-ancestors ${frameAncestors}`,
    "base-uri 'self'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types angular angular#bundler default',
  ].join('; ');

function createHeaders(path: string): Record<string, string> {
  const isFramed = path === '/silent-callback.html';
  return {
    'content-security-policy': createPolicy(isFramed ? "'self'" : "'none'"),
    'x-content-type-options': 'nosniff',
    // The URL of the callback contains a code, which must not be sent as a referrer.
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': /-[\w-]{8}\.(js|css)$/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}

async function handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return sendText(response, 405, 'Method not allowed');
  const path = parsePath(request.url ?? '/');
  if (path === undefined) return sendText(response, 400, 'Bad request');
  if (path === '/health') return sendJson(response, { status: 'ok' });
  if (path === '/config.json') return sendJson(response, settings);
  if (path === '/reports.json') return sendJson(response, createReportsConfig(origin));
  const file = join(root, normalize(path));
  if (file.startsWith(root + sep) && (await isFile(file))) return sendFile(response, file, path);
  // A path with a file extension is an asset, so a missing one is not served as a page.
  if (extname(path) !== '') return sendText(response, 404, 'Not found');
  if (render && (await render(request, response, createHeaders('/')))) return;
  return sendFile(response, page, '/');
}

async function loadRenderer() {
  const { render }: typeof import('./src/server.ts') = await import(
    new URL('dist/server/server.mjs', import.meta.url).href
  );
  return render;
}

function parsePath(url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    return path.includes('\0') ? undefined : path;
  } catch {
    return undefined;
  }
}

const isFile = (file: string) =>
  stat(file).then(
    (stats) => stats.isFile(),
    () => false,
  );

function sendFile(response: ServerResponse, file: string, path: string): void {
  const type = types[extname(file)] ?? 'application/octet-stream';
  response.writeHead(200, { ...createHeaders(path), 'content-type': type });
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}

function sendJson(response: ServerResponse, value: object): void {
  response.writeHead(200, {
    ...createHeaders('/'),
    'cache-control': 'no-store',
    'content-type': types['.json'],
  });
  response.end(JSON.stringify(value));
}

function sendText(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { ...createHeaders('/'), 'content-type': types['.txt'] });
  response.end(`${message}\n`);
}

const server = createServer((request, response) => {
  handleRequest(request, response).catch(() => response.destroy());
});
server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(
    error.code === 'EADDRINUSE'
      ? `Port ${port} is in use. Stop the other process, or set ANGULAR_SPA_PORT.`
      : error.message,
  );
  process.exit(1);
});
if (!(await isFile(page))) {
  console.error('The app is not built. Run "ng build" in this folder.');
  process.exit(1);
}
server.listen(port, 'localhost', () => console.log(`angular-spa is at ${origin}`));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
