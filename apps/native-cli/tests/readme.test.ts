import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createCliHarness } from './support/cli-harness.ts';
import { approveDevice, logIn } from './support/log-in.ts';

const { run } = createCliHarness();

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
  .map(([, block = '']) => readCommands(block))
  .filter((commands) => commands.length > 0);

/** The arguments of each command: words, and texts in single quotes. */
function readCommands(block: string): readonly (readonly string[])[] {
  return [...block.matchAll(/^npx pnpm@[\d.]+ native (.+)$/gm)].map(([, line = '']) =>
    [...line.replace(/ #.*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(
      ([, quoted, word = '']) => quoted ?? word,
    ),
  );
}

/** A port that no program uses. The port of the example may be in use. */
async function findFreePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

test.each(blocks)('the commands of the README succeed in their order: %s', async (...commands) => {
  const port = await findFreePort();
  for (const words of commands) {
    const args = words.map((word, index) => (words[index - 1] === '--port' ? port : word));
    let output = '';
    const result = await run(args, {
      onUrl: (url) => logIn(url, 'alice'),
      onOutput: (text) => {
        output += text;
        const url = /^ {2}(http\S+\/auth\?\S+)/m.exec(text)?.[1];
        if (url !== undefined) void logIn(url, 'alice');
      },
      onWait: () => {
        const [, uri = '', code = ''] = /Open (\S+) [\s\S]*?\n {2}(\S+)/.exec(output) ?? [];
        return approveDevice(uri, code, 'alice');
      },
    });
    expect(result, args.join(' ')).toMatchObject({ code: 0 });
  }
});

test('the README has commands', () => {
  expect(blocks.flat().length).toBeGreaterThan(6);
});
