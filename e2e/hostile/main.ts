import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createTestAuthorizationServer, type TestAuthorizationServer } from '@countersign/testing';
import { findFreePort } from '../../scripts/lib/processes/ports.ts';
import { toTable } from '../../scripts/lib/terminal/table.ts';
import { type FloodOptions, flood, type HostileResponse, type Statuses } from './flood.ts';
import { createHostileKinds, type HostileKind } from './kinds.ts';
import { createLegitimateActs, type LegitimateAct, runActsDuring } from './legitimate.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { createProofKey } from './tokens.ts';

/** Maximum growth of the used memory by an attack, in bytes. */
const maximumGrowth = 32 * 1024 * 1024;
const connections = 24;
// The API for which next-web requests a token.
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
  const proofKey = createProofKey();
  const boundToken = await issuer.mintAccessToken({
    aud: audience,
    sub: 'attacker',
    exp: Math.floor(Date.now() / 1000) + 86_400,
    cnf: { jkt: proofKey.thumbprint },
  });
  const kinds = createHostileKinds({
    api: api.origin,
    audience,
    issuer: issuer.issuer,
    boundToken,
    proofKey,
  });
  const unknown = positionals.find((name) => kinds.every((kind) => kind.name !== name));
  if (unknown !== undefined) {
    console.error(`Unknown kind "${unknown}". The kinds are: ${kinds.map(({ name }) => name).join(', ')}.`);
    process.exit(2);
  }
  const chosen = kinds.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  console.log(`${requests.toLocaleString('en')} hostile requests of each kind\n`);
  // Fills the caches of the servers before the first measurement.
  await runActsDuring(acts, Promise.resolve());
  const rows: string[][] = [['kind', 'responses', 'seconds', 'memory', 'outgoing', 'legitimate']];
  const problems: string[] = [];
  for (const kind of chosen) {
    const { row, violations } = await attack(kind, kind.target === 'web' ? web : api, acts);
    rows.push(row);
    problems.push(...violations);
    if (violations.length > 0) failed++;
    console.log(`${violations.length === 0 ? '✓' : '✗'} ${row.join(' | ')}`);
    for (const sentence of violations) console.log(`    ${sentence}`);
  }
  console.log(`\n${toTable(rows)}`);
  console.log(`\n${chosen.length - failed} passed, ${failed} failed`);
} finally {
  await Promise.all([web.stop(), api.stop(), ...listening.map(({ close }) => close())]);
}
process.exit(failed === 0 ? 0 : 1);

/** Runs one attack together with the legitimate acts, and returns the violated limits. */
async function attack(
  kind: HostileKind,
  server: ServerProcess,
  acts: readonly LegitimateAct[],
): Promise<{ readonly row: string[]; readonly violations: readonly string[] }> {
  let otherErrors = 0;
  const options: FloodOptions = {
    origin: server.origin,
    requests,
    connections,
    async attack(send, index) {
      const response = await kind.attack(send, index);
      if (!hasError(response, kind.error)) otherErrors++;
      return response;
    },
  };
  // Fills bounded caches to their limit. Later growth is unbounded.
  await flood({ ...options, requests: Math.min(2_000, Math.ceil(requests / 2)) });
  await runActsDuring(acts, Promise.resolve());
  const before = await server.memory();
  issuer.requests.length = 0;
  opaqueIssuer.requests.length = 0;
  const began = performance.now();
  const flooding = flood(options);
  const { done, failures } = await runActsDuring(acts, flooding);
  const statuses = await flooding;
  const seconds = (performance.now() - began) / 1000;
  const grown = (await server.memory()) - before;
  const outgoing = countOutgoing(done + failures.length);
  const violations = [...failures.slice(0, 5)];
  if (!server.isAlive()) violations.push(`The server exited: ${server.output().slice(-500)}`);
  for (const [status, count] of statuses) {
    if (!kind.allowed.includes(status))
      violations.push(`${count} responses had status ${status}, allowed: ${kind.allowed.join(', ')}`);
  }
  if (otherErrors > 0) violations.push(`${otherErrors} challenges had another error than ${kind.error}`);
  if (grown > maximumGrowth)
    violations.push(
      `${megabytes(grown)} more memory in use than before, allowed: ${megabytes(maximumGrowth)}`,
    );
  const bounds: Partial<Record<string, number>> = kind.outgoing?.({ requests, seconds }) ?? {};
  // Both servers refresh keys and metadata every five minutes, regardless of the attack.
  const due = 2 * Math.ceil(seconds / 300);
  for (const [endpoint, count] of outgoing) {
    const bound = (bounds[endpoint] ?? 0) + (endpoint === 'jwks' || endpoint === 'discovery' ? due : 0);
    if (count > bound) violations.push(`${count} requests to the ${endpoint} endpoint, allowed: ${bound}`);
  }
  const row = [
    kind.name,
    formatStatuses(statuses),
    seconds.toFixed(1),
    megabytes(grown),
    [...outgoing].map(([endpoint, count]) => `${endpoint} ${count}`).join(', ') || 'none',
    `${done} of ${done + failures.length}`,
  ];
  return { row, violations };
}

/** Checks that a challenge contains an error. */
function hasError({ status, headers }: HostileResponse, error: string | undefined): boolean {
  if (error === undefined || status !== 401) return true;
  return [headers['www-authenticate']].join(', ').includes(`error="${error}"`);
}

/** Counts the requests to the issuers, without those of the legitimate acts. */
function countOutgoing(acts: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { endpoint } of [...issuer.requests, ...opaqueIssuer.requests]) {
    if (endpoint === undefined) continue;
    counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
  }
  // A login sends one authorization request and one token request. Each call with an opaque token sends at most one
  // introspection request.
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
    readyPath: '/',
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
    readyPath: '/health',
    environment: { ISSUER: issuerUrl, OPAQUE_ISSUER: opaqueIssuerUrl, AUDIENCE: audience, PORT: port },
  });
}

/** Requests an opaque token with the client credentials of the API. */
async function issueOpaqueToken(server: TestAuthorizationServer): Promise<string> {
  const response = await server.fetch(String(server.metadata.token_endpoint), {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('web:web-secret').toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined)
    throw new Error(`The issuer of opaque tokens responded with status ${response.status}`);
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
