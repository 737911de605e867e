import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createTestAuthorizationServer, type TestAuthorizationServer } from '@countersign/testing';
import { findFreePort } from '../../scripts/lib/ports.ts';
import { toTable } from '../../scripts/lib/table.ts';
import { type FloodOptions, flood, type Statuses } from './flood.ts';
import { createHostileKinds, type HostileKind } from './kinds.ts';
import { actDuring, createLegitimateActs, type LegitimateAct } from './legitimate.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { createProofKey } from './tokens.ts';

/** Bytes that a server may have in use after an attack, beyond what it had before. */
const growthAtMost = 32 * 1024 * 1024;
const connections = 24;
// The API that next-web asks a token for.
const audience = 'https://api.countersign.example';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { requests: { type: 'string', default: '100000' } },
});
const requests = Number(values.requests);
if (!Number.isSafeInteger(requests) || requests < 1) {
  console.error('Usage: node e2e/hostile/main.ts [--requests 100000] [names of kinds]');
  process.exit(2);
}

const issuer = await createTestAuthorizationServer({
  clients: [{ clientId: 'web', clientSecret: 'web-secret' }],
  resources: [audience],
});
const opaqueIssuer = await createTestAuthorizationServer({
  accessTokenFormat: 'opaque',
  resources: [audience],
});
const listening = [await issuer.listen(), await opaqueIssuer.listen()];
const web = await startWeb(issuer.issuer);
const api = await startApi(issuer.issuer, opaqueIssuer.issuer);
let failed = 0;
try {
  const acts = await createLegitimateActs({
    web: web.origin,
    api: api.origin,
    audience,
    issuer,
    opaqueToken: await issueOpaqueToken(opaqueIssuer),
    proofKey: createProofKey(),
  });
  const kinds = createHostileKinds({ api: api.origin, audience, issuer: issuer.issuer });
  const unknown = positionals.find((name) => kinds.every((kind) => kind.name !== name));
  if (unknown !== undefined) {
    console.error(
      `There is no kind "${unknown}"; the kinds are ${kinds.map(({ name }) => name).join(', ')}.`,
    );
    process.exit(2);
  }
  const chosen = kinds.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  console.log(`${requests.toLocaleString('en')} hostile requests of each kind\n`);
  // What the servers keep for their own is there before the first measurement.
  await actDuring(acts, Promise.resolve());
  const rows: string[][] = [['kind', 'answers', 'seconds', 'memory', 'outgoing', 'legitimate']];
  const problems: string[] = [];
  for (const kind of chosen) {
    const { row, broken } = await attack(kind, kind.target === 'web' ? web : api, acts);
    rows.push(row);
    problems.push(...broken);
    if (broken.length > 0) failed++;
    console.log(`${broken.length === 0 ? '✓' : '✗'} ${row.join(' | ')}`);
    for (const sentence of broken) console.log(`    ${sentence}`);
  }
  console.log(`\n${toTable(rows)}`);
  console.log(`\n${chosen.length - failed} passed, ${failed} failed`);
} finally {
  await Promise.all([web.stop(), api.stop(), ...listening.map(({ close }) => close())]);
}
process.exit(failed === 0 ? 0 : 1);

/** One attack, with the acts of legitimate users meanwhile, and what did not hold. */
async function attack(
  kind: HostileKind,
  server: ServerProcess,
  acts: readonly LegitimateAct[],
): Promise<{ readonly row: string[]; readonly broken: readonly string[] }> {
  const options: FloodOptions = { origin: server.origin, requests, connections, attack: kind.attack };
  // Caches with a bound fill up to it; what grows after that has none.
  await flood({ ...options, requests: Math.min(2_000, Math.ceil(requests / 2)) });
  await actDuring(acts, Promise.resolve());
  const before = await server.memory();
  issuer.requests.length = 0;
  opaqueIssuer.requests.length = 0;
  const began = performance.now();
  const flooding = flood(options);
  const { done, failures } = await actDuring(acts, flooding);
  const statuses = await flooding;
  const seconds = (performance.now() - began) / 1000;
  const grown = (await server.memory()) - before;
  const outgoing = countOutgoing(done + failures.length);
  const broken = [...failures.slice(0, 5)];
  if (!server.isAlive()) broken.push(`The server ended: ${server.output().slice(-500)}`);
  for (const [status, count] of statuses) {
    if (!kind.allowed.includes(status))
      broken.push(`${count} answers had status ${status}, allowed: ${kind.allowed.join(', ')}`);
  }
  if (grown > growthAtMost)
    broken.push(`${megabytes(grown)} more in use than before, allowed: ${megabytes(growthAtMost)}`);
  const bounds: Partial<Record<string, number>> = kind.outgoing?.({ requests, seconds }) ?? {};
  // Each of the two servers fetches keys and metadata again when they are five minutes old, attack or not.
  const due = 2 * Math.ceil(seconds / 300);
  for (const [endpoint, count] of outgoing) {
    const bound = (bounds[endpoint] ?? 0) + (endpoint === 'jwks' || endpoint === 'discovery' ? due : 0);
    if (count > bound) broken.push(`${count} requests to the ${endpoint} endpoint, allowed: ${bound}`);
  }
  const row = [
    kind.name,
    formatStatuses(statuses),
    seconds.toFixed(1),
    megabytes(grown),
    [...outgoing].map(([endpoint, count]) => `${endpoint} ${count}`).join(', ') || 'none',
    `${done} of ${done + failures.length}`,
  ];
  return { row, broken };
}

/** Requests that reached an issuer, without those that the legitimate acts cause. */
function countOutgoing(acts: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { endpoint } of [...issuer.requests, ...opaqueIssuer.requests]) {
    if (endpoint === undefined) continue;
    counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
  }
  // A login is one authorization request of the user and one token request of the server; an opaque token is
  // introspected by at most one request for each call.
  counts.delete('authorization');
  const rounds = Math.ceil(acts / 6);
  for (const endpoint of ['token', 'introspection', 'userinfo']) {
    const left = (counts.get(endpoint) ?? 0) - rounds;
    if (left > 0) counts.set(endpoint, left);
    else counts.delete(endpoint);
  }
  return counts;
}

async function startWeb(issuerUrl: string): Promise<ServerProcess> {
  const folder = join(import.meta.dirname, '../../apps/next-web');
  const next = createRequire(join(folder, 'package.json')).resolve('next/dist/bin/next');
  const port = await findFreePort();
  const origin = `http://localhost:${port}`;
  return startServerProcess({
    name: 'next-web',
    origin,
    args: [next, 'start', '-H', 'localhost', '-p', String(port)],
    cwd: folder,
    ready: '/',
    environment: {
      AUTH_ISSUER: issuerUrl,
      AUTH_CLIENT_ID: 'web',
      AUTH_CLIENT_SECRET: 'web-secret',
      AUTH_SECRET: 'the-secret-of-the-hostile-load-for-sealing-its-cookies',
      AUTH_BASE_URL: `${origin},https://*.preview.example`,
    },
  });
}

async function startApi(issuerUrl: string, opaqueIssuerUrl: string): Promise<ServerProcess> {
  const port = String(await findFreePort());
  return startServerProcess({
    name: 'the API',
    origin: `http://localhost:${port}`,
    args: [join(import.meta.dirname, 'api-server.ts')],
    cwd: join(import.meta.dirname, '..'),
    ready: '/health',
    environment: { ISSUER: issuerUrl, OPAQUE_ISSUER: opaqueIssuerUrl, AUDIENCE: audience, PORT: port },
  });
}

/** An opaque token of a user, by the client credentials of the API's own client. */
async function issueOpaqueToken(server: TestAuthorizationServer): Promise<string> {
  const response = await server.fetch(String(server.metadata.token_endpoint), {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('web:web-secret').toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined)
    throw new Error(`The issuer of opaque tokens answered with status ${response.status}`);
  return token;
}

function formatStatuses(statuses: Statuses): string {
  return [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
