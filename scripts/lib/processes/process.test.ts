import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { isPortFree, readPort } from './ports.ts';
import { run, startService, stopAll } from './process.ts';
import { isGroupAlive } from './process-group.ts';
import { waitFor } from './wait-for.ts';

const node = (code: string) => ({ command: process.execPath, args: ['-e', code] });

test.each(['127.0.0.1', '::1', '0.0.0.0'])(
  'isPortFree() returns false for a port in use on %s',
  async (host) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as { port: number };
    expect(await isPortFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await isPortFree(port)).toBe(true);
  },
);

test('readPort() rejects a value that is not a port and names the variable', () => {
  process.env.WRONG_PORT = 'http';
  expect(() => readPort('WRONG_PORT', 1)).toThrow('WRONG_PORT is "http"');
  expect(readPort('UNSET_PORT', 4000)).toBe(4000);
});

test('run() returns the exit code and does not throw', async () => {
  expect(await run(node('console.log(1); console.error(2); process.exitCode = 3'))).toMatchObject({
    code: 3,
  });
  expect(await run({ command: 'no-such-command' })).toMatchObject({ code: 127 });
});

test('waitFor() reports a service that exits early, and tail() returns its output', async () => {
  const service = startService('early', node('console.error("no port"); process.exit(7)'));
  expect(await waitFor(service, 'http://127.0.0.1:9/', 20_000)).toMatch(
    /^early ended with exit code 7 before/,
  );
  expect(service.tail()).toBe('no port');
});

test('stopAll() stops a service and its children', async () => {
  const child =
    'process.on("SIGTERM", () => {}); console.log("child", process.pid); setInterval(() => {}, 1000)';
  const code = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' })`;
  const parent = `${code}; console.log('parent', process.pid); setInterval(() => {}, 1000)`;
  const service = startService('parent', node(parent));
  while (!/child \d+/.test(service.tail()) || !/parent \d+/.test(service.tail())) await delay(20);
  const group = Number(/parent (\d+)/.exec(service.tail())?.[1]);
  expect(isGroupAlive(group)).toBe(true);
  await stopAll(200);
  expect(await service.ended).toBe('parent ended with SIGTERM');
  // The system ends a process some time after the signal.
  await vi.waitFor(() => expect(isGroupAlive(group)).toBe(false), 10_000);
});
