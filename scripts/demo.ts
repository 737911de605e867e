import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { type Demo, planDemo } from './lib/demo-apps.ts';
import { isPortFree } from './lib/processes/ports.ts';
import { onTermination, root, type Service, startService, stopAll } from './lib/processes/process.ts';
import { waitFor } from './lib/processes/wait-for.ts';
import { runTurbo } from './lib/suites/turbo.ts';
import { startProgress } from './lib/terminal/progress.ts';
import { bold, cyan, dim, duration, indent, plural, red } from './lib/terminal/style.ts';
import { toTable } from './lib/terminal/table.ts';

const began = Date.now();
const columns = 18;
let stopping = false;

/** Stops the demo and prints the reason. */
async function stopWithError(sentence: string, output = ''): Promise<never> {
  if (stopping) return new Promise(() => {});
  if (output !== '') console.log(`\n${indent(dim(output))}`);
  console.log(`\n  ${red(sentence)}\n`);
  await stopAll();
  process.exit(1);
}

async function checkPorts({ apps }: Demo): Promise<void> {
  const step = startProgress('ports', columns);
  for (const { name, port, variable } of apps) {
    if (apps.some((other) => other.name !== name && other.port === port)) {
      step.fail();
      await stopWithError(`Two apps use port ${port}. Set ${variable} to another port.`);
    }
    if (await isPortFree(port)) continue;
    step.fail();
    await stopWithError(
      `Port ${port} of ${name} is in use. Free it, or choose another port: ${variable}=${port + 100}.`,
    );
  }
  step.done(`${apps.map(({ port }) => port).join(', ')} are free`);
}

async function buildApps({ apps }: Demo): Promise<void> {
  const step = startProgress('build', columns);
  step.update('checking for changes');
  const { ok, executed, cached, failed, turboErrors } = await runTurbo('build', {
    filters: [...apps.map(({ name }) => `${name}...`), 'native-cli...'],
    onProgress: (packages) => step.update(`building ${packages.join(', ')}`),
  });
  if (!ok) {
    step.fail();
    const output = failed.map((each) => each.output).join('\n\n') || turboErrors;
    const names = failed.map(({ name }) => name).join(', ');
    await stopWithError(names ? `The build of ${names} failed.` : 'The build failed.', output);
  }
  const all = executed.length + cached.length;
  step.done(
    executed.length === 0
      ? `${plural(all, 'package')} up to date`
      : `${plural(executed.length, 'package')} built, ${cached.length} up to date`,
  );
}

/** Starts all apps in parallel and reports each when it responds.  */
async function start({ apps }: Demo): Promise<Service[]> {
  const started = apps.map((app) => {
    const service = startService(app.name, app.command());
    return { ...app, service, problem: waitFor(service, app.ready) };
  });
  for (const { name, url, service, problem } of started) {
    const step = startProgress(name, columns);
    const sentence = await problem;
    if (sentence === undefined) step.done(cyan(url));
    else {
      step.fail();
      await stopWithError(sentence, service.tail());
    }
  }
  return started.map(({ service }) => service);
}

function welcome({ apps, requestLog }: Demo): string {
  const [provider, api, web, spa] = apps;
  const elsewhere = [provider, api]
    .filter((app) => app !== undefined && process.env[app.variable])
    .map((app) => `${app?.variable}=${app?.port} `);
  const native = `${elsewhere.join('')}npx pnpm@12.21.0 native`;
  const order = [web, spa, api, provider].filter((app) => app !== undefined);
  return [
    '',
    `  ${bold('Ready')} ${dim(`after ${duration(Date.now() - began)}`)}`,
    '',
    indent(
      toTable([
        ['URL', 'App', 'Description'],
        ...order.map((app) => [cyan(app.url), app.name, app.description]),
      ]),
      '  ',
    ),
    '',
    `  ${bold('Users')}`,
    `    ${pair('alice', 'alice-demo')}  can read and write items`,
    `    ${pair('bob', 'bob-demo')}  can only read items`,
    '',
    `  ${bold('Try first')}`,
    `    1. Open ${cyan(`${web?.url}`)}, log in as alice and open the dashboard.`,
    '       A server component calls the API with her access token and shows its remaining lifetime.',
    '    2. Reload after a minute. The token is refreshed before the page is rendered. To watch:',
    `       ${dim('$')} tail -f ${relative(process.cwd(), requestLog)}`,
    `    3. Open ${cyan(`${spa?.url}`)} as bob and add an item. The API responds with 403: the scope items:write is missing.`,
    '',
    `  ${bold('The native client')}, in a second terminal`,
    `    ${dim('$')} ${native} login`,
    `    ${dim('$')} ${native} call          ${dim('also: whoami, refresh, logout')}`,
    '',
    `  ${dim('Press Ctrl-C to stop.')}`,
    '',
  ].join('\n');

  function pair(user: string, password: string): string {
    return `${bold(user.padEnd(6))} password ${bold(password.padEnd(11))}`;
  }
}

async function main(): Promise<void> {
  onTermination(async (code) => {
    stopping = true;
    console.log(`\n  ${dim('Stopping ...')}`);
    await stopAll();
    console.log(`  ${dim('All processes have ended.')}`);
    process.exit(code === 130 ? 0 : code);
  });
  console.log(`\n  ${bold('Countersign')} ${dim('demo')}\n`);

  const plan = planDemo();
  await checkPorts(plan);
  await buildApps(plan);
  mkdirSync(plan.directory, { recursive: true });
  writeFileSync(plan.requestLog, '');
  const services = await start(plan);
  console.log(welcome(plan));

  const { service, sentence } = await Promise.race(
    services.map(async (each) => ({ service: each, sentence: await each.ended })),
  );
  if (!stopping) await stopWithError(`${sentence}; the demo has stopped.`, service.tail());
}

process.chdir(root);
try {
  await main();
} catch (error) {
  await stopWithError(error instanceof Error ? error.message : String(error));
}
