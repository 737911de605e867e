import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { type Demo, demo } from './lib/demo-apps.ts';
import { isPortFree } from './lib/ports.ts';
import { onTermination, root, type Service, startService, stopAll } from './lib/process.ts';
import { progress } from './lib/progress.ts';
import { bold, cyan, dim, duration, indent, plural, red } from './lib/style.ts';
import { table } from './lib/table.ts';
import { turbo } from './lib/turbo.ts';
import { waitFor } from './lib/wait-for.ts';

const began = Date.now();
const columns = 18;
let stopping = false;

/** Ends the demo with a sentence that says why. */
async function giveUp(sentence: string, output = ''): Promise<never> {
  if (stopping) return new Promise(() => {});
  if (output !== '') console.log(`\n${indent(dim(output))}`);
  console.log(`\n  ${red(sentence)}\n`);
  await stopAll();
  process.exit(1);
}

async function checkPorts({ apps }: Demo): Promise<void> {
  const step = progress('ports', columns);
  for (const { name, port, variable } of apps) {
    if (apps.some((other) => other.name !== name && other.port === port)) {
      step.fail();
      await giveUp(`Port ${port} is given to two apps; set ${variable} to another one.`);
    }
    if (await isPortFree(port)) continue;
    step.fail();
    await giveUp(
      `Port ${port}, which ${name} wants, is taken; free it or choose another with ${variable}, for example ${variable}=${port + 100}.`,
    );
  }
  step.done(`${apps.map(({ port }) => port).join(', ')} are free`);
}

async function buildWhatIsStale({ apps }: Demo): Promise<void> {
  const step = progress('build', columns);
  step.update('looking for what has changed');
  const { ok, executed, cached, failed, complaint } = await turbo('build', {
    filters: [...apps.map(({ name }) => `${name}...`), 'native-cli...'],
    onProgress: (packages) => step.update(`building ${packages.join(', ')}`),
  });
  if (!ok) {
    step.fail();
    const output = failed.map((each) => each.output).join('\n\n') || complaint;
    const names = failed.map(({ name }) => name).join(', ');
    await giveUp(names ? `The build of ${names} failed.` : 'The build failed.', output);
  }
  const all = executed.length + cached.length;
  step.done(
    executed.length === 0
      ? `${plural(all, 'package')} up to date`
      : `${plural(executed.length, 'package')} built, ${cached.length} up to date`,
  );
}

/** Starts all at once, then reports each as soon as it answers. */
async function start({ apps }: Demo): Promise<Service[]> {
  const started = apps.map((app) => {
    const service = startService(app.name, app.command());
    return { ...app, service, problem: waitFor(service, app.ready) };
  });
  for (const { name, url, service, problem } of started) {
    const step = progress(name, columns);
    const sentence = await problem;
    if (sentence === undefined) step.done(cyan(url));
    else {
      step.fail();
      await giveUp(sentence, service.tail());
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
      table([
        ['URL', 'App', 'What it is'],
        ...order.map((app) => [cyan(app.url), app.name, app.description]),
      ]),
      '  ',
    ),
    '',
    `  ${bold('Users')}`,
    `    ${pair('alice', 'alice-demo')}  may read and write items`,
    `    ${pair('bob', 'bob-demo')}  may only read them`,
    '',
    `  ${bold('Try first')}`,
    `    1. Open ${cyan(`${web?.url}`)}, log in as alice and open the dashboard:`,
    "       a server component calls the API with her token and shows the token's remaining life.",
    '    2. Reload after a minute: the token was refreshed before the page was rendered. To watch:',
    `       ${dim('$')} tail -f ${relative(process.cwd(), requestLog)}`,
    `    3. Open ${cyan(`${spa?.url}`)} as bob and add an item: the API answers 403, for want of items:write.`,
    '',
    `  ${bold('The native client')}, in a second terminal`,
    `    ${dim('$')} ${native} login`,
    `    ${dim('$')} ${native} call          ${dim('also: whoami, refresh, logout')}`,
    '',
    `  ${dim('Ctrl-C ends everything.')}`,
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
    console.log(`  ${dim('Every process has ended.')}`);
    process.exit(code === 130 ? 0 : code);
  });
  console.log(`\n  ${bold('Countersign')} ${dim('demo')}\n`);

  const plan = demo();
  await checkPorts(plan);
  await buildWhatIsStale(plan);
  mkdirSync(plan.directory, { recursive: true });
  writeFileSync(plan.requestLog, '');
  const services = await start(plan);
  console.log(welcome(plan));

  const { service, sentence } = await Promise.race(
    services.map(async (each) => ({ service: each, sentence: await each.ended })),
  );
  if (!stopping) await giveUp(`${sentence}; the demo stops.`, service.tail());
}

process.chdir(root);
try {
  await main();
} catch (error) {
  await giveUp(error instanceof Error ? error.message : String(error));
}
