import type { Server } from 'node:http';
import { join } from 'node:path';
import { type Browser, chromium } from '@playwright/test';
import { startProvider } from 'identity-provider';
import { findFreePort } from '../../scripts/lib/processes/ports.ts';
import { type Service, startService, stopAll } from '../../scripts/lib/processes/process.ts';
import { waitFor } from '../../scripts/lib/processes/wait-for.ts';
import { chromiumLaunchOptions } from '../../scripts/lib/programs/chromium.ts';
import { dim, green, red } from '../../scripts/lib/terminal/style.ts';
import { type Application, applications, type Values } from './applications.ts';
import { logInAndCallApi } from './flow.ts';
import { execute, generate, quiet, readVersions } from './generate.ts';
import { serveStatic } from './serve-static.ts';
import { type Transcript, writeTranscript } from './transcript.ts';
import { variants } from './variants.ts';

const latest = process.argv.includes('--latest');
const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const ports = { api: await findFreePort(), web: await findFreePort(), spa: await findFreePort() };
const [api, web, spa] = [ports.api, ports.web, ports.spa].map((port) => `http://localhost:${port}`) as [
  string,
  string,
  string,
];
const provider = await startProvider({ origins: { nextWeb: web, angularSpa: spa } });
const values: Values = {
  issuer: provider.issuer,
  audience: 'https://api.countersign.example',
  api,
  web,
  spa,
};
const transcript: Transcript[] = [];
const counts = { passed: 0, failed: 0 };

/** Runs a test and prints its result. Later tests run in any case. */
async function check(name: string, work: () => Promise<void>): Promise<boolean> {
  const began = Date.now();
  try {
    await work();
    counts.passed += 1;
    console.log(`  ${green('✓')} ${name} ${dim(`${Math.round((Date.now() - began) / 1000)} s`)}`);
    return true;
  } catch (error) {
    counts.failed += 1;
    console.log(`  ${red('✗')} ${name}\n${(error as Error).message.replace(/^/gm, '      ')}`);
    return false;
  }
}

type Running = { readonly stop: () => Promise<void> };

async function start(
  application: Application,
  folder: string,
  mode: 'development' | 'production',
): Promise<Running> {
  const port = ports[application.kind];
  const command = application[mode];
  if (command === undefined) {
    const server: Server = await serveStatic(join(folder, application.output ?? 'dist'), port);
    return {
      stop: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }
  const [program = '', ...args] = command.replace('PORT', String(port)).split(' ');
  const service: Service = startService(`${application.name} (${command})`, {
    command: program,
    args,
    cwd: folder,
    env: { ...quiet, PORT: String(port), NODE_ENV: mode },
  });
  const problem = await waitFor(service, `http://localhost:${port}/`, 240_000);
  if (problem !== undefined) {
    await service.stop();
    throw new Error(`${problem}\n${service.tail(30)}`);
  }
  return {
    stop: async () => {
      await service.stop();
      await service.ended;
    },
  };
}

async function checkApi(): Promise<void> {
  const response = await fetch(`${api}/items`);
  if (response.status !== 401) throw new Error(`${api}/items: status ${response.status}, expected 401.`);
  const open = await (await fetch(api)).text();
  if (open !== 'Hello World!') throw new Error(`${api}/: "${open}", expected "Hello World!".`);
}

async function runApplication(application: Application, folder: string, browser: Browser): Promise<void> {
  const { name, kind, path, build = 'npm run build' } = application;
  const visit = () =>
    path === undefined ? checkApi() : logInAndCallApi(browser, `${values[kind]}${path}`, provider.issuer);
  for (const mode of ['development', 'production'] as const) {
    if (mode === 'development' && application.development === undefined) continue;
    const ready = mode === 'development' || (await check(`${name}: ${build}`, () => execute(build, folder)));
    if (!ready) continue;
    let running: Running | undefined;
    await check(`${name}: ${mode}`, async () => {
      running = await start(application, folder, mode);
      await visit();
    });
    // The production build of the API serves the other applications.
    if (name !== 'api' || mode === 'development') await running?.stop();
  }
  for (const command of application.checks)
    await check(`${name}: ${command}`, () => execute(command, folder));
}

const browser = await chromium.launch(chromiumLaunchOptions);
// The generated API of the README is the last one: it stays available for the other applications.
const isApi = ({ kind }: Application) => kind === 'api';
const ordered = [
  ...variants.filter(isApi),
  ...applications,
  ...variants.filter((variant) => !isApi(variant)),
];
for (const application of ordered) {
  // The other applications call the API.
  if (names.length > 0 && application.name !== 'api' && !names.includes(application.name)) continue;
  const commands: { command: string; seconds: number }[] = [];
  let folder = '';
  const generated = await check(`${application.name}: ${application.page}`, async () => {
    folder = await generate(application, values, {
      latest,
      onCommand: (command, seconds) => commands.push({ command, seconds }),
    });
  });
  if (!generated) continue;
  await runApplication(application, folder, browser);
  transcript.push({ application, commands, versions: readVersions(folder) });
}
await browser.close();
await stopAll();
await provider.close();
if (counts.failed === 0 && names.length === 0) await writeTranscript(transcript, latest);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);
