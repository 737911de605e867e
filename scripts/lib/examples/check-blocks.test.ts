import { beforeAll, expect, test } from 'vitest';
import { checkBlocks } from './check-blocks.ts';
import { readBlocks, readFiles } from './markdown.ts';

const fence = '```';

const pages = {
  'docs/part.md': `
Text.

'''ts
const client = createClient({ issuer: 'https://id.example', clientId: 'web' });
client.missing;
'''
`,
  'docs/next.md': `
'''ts
// lib/auth.ts
export const auth = createAuth();

// proxy.ts: uses the other file
import { auth } from '@/lib/auth';
export const scopes: readonly number[] = auth;
'''
`,
  'docs/notes.md': `
'''ts
const lifetime = 60;
'''

<!-- example: after -->
'''ts
const text: string = lifetime;
'''

<!-- example:
export const options = {
[block]
};
-->
'''ts
leeway: 30,
'''

<!-- example:
// src/existing.ts
export const existing = 1;
-->
'''ts
// src/main.ts
import { existing } from './existing.js';
export const text: string = existing;
'''
`,
  'docs/strict.md': `
'''ts
createClient({ issuer: 'https://id.example', clientId: process.env.CLIENT_ID });
import { ClientOptions } from '@countersign/core';
'''
`,
  'docs/angular.md': `
'''ts
@Component({ selector: 'app-example', template: '{{ auth.user()?.missing }}' })
export class Example {
  readonly auth = injectAuth();
}
'''
`,
  'docs/other.md': `
'''json
"lib": ["DOM"]
'''
'''json
{ lib: 1 }
'''
'''sh
npm install @countersign/core redis    # both exist
npm install @countersign/missing
npx pnpm@12.21.0 missing
'''
'''
text
'''
<!-- example: skip=another library -->
'''ts
other();
'''
`,
};

/** The messages of the blocks, by page and line. */
let messages: Readonly<Record<string, readonly string[]>>;

beforeAll(async () => {
  const blocks = Object.entries(pages).flatMap(([page, text]) =>
    readBlocks(page, text.replaceAll("'''", fence)),
  );
  messages = Object.fromEntries((await checkBlocks(blocks)).map((result) => [result.name, result.messages]));
}, 240_000);

test('reports the line of a block that does not compile, and adds imports that a part of a file omits', () => {
  expect(messages['docs/part.md:4']).toEqual([
    expect.stringMatching(/^line 2: TS2339: Property 'missing' does not exist/),
  ]);
});

test('requires the imports of a complete file, which other files of the page can import', () => {
  expect(messages['docs/next.md:2']).toEqual([
    expect.stringContaining("line 2: TS2304: Cannot find name 'createAuth'"),
  ]);
});

test('compiles a block after the one that it continues, with the code around it, and with existing files', () => {
  expect(messages['docs/notes.md:2']).toEqual([]);
  expect(messages['docs/notes.md:7']).toEqual([expect.stringMatching(/^line 1: TS2322/)]);
  expect(messages['docs/notes.md:16']).toEqual([]);
  expect(messages['docs/notes.md:24']).toEqual([expect.stringMatching(/^line 3: TS2322/)]);
});

test('applies the strictest settings of an application', () => {
  const message = messages['docs/strict.md:2']?.join('\n');
  expect(message).toContain("Type 'undefined' is not assignable to type 'string'");
  expect(message).toContain('TS1484');
});

test('checks the templates of Angular components', () => {
  expect(messages['docs/angular.md:2']).toEqual([
    expect.stringContaining("Property 'missing' does not exist"),
  ]);
});

test('checks JSON, commands and languages, and does not compile a skipped block', () => {
  expect(messages['docs/other.md:2']).toEqual([]);
  expect(messages['docs/other.md:5']).toEqual([expect.stringContaining('not JSON')]);
  expect(messages['docs/other.md:8']).toEqual([
    expect.stringContaining('@countersign/missing'),
    expect.stringContaining('"missing"'),
  ]);
  expect(messages['docs/other.md:13']).toEqual([expect.stringContaining('the language ""')]);
  expect(messages['docs/other.md:17']).toEqual([]);
});

test('rejects an unknown note, and a skipped block without a reason', () => {
  const read = (note: string) => readBlocks('page', `<!-- example: ${note} -->\n${fence}ts\n${fence}\n`);
  expect(() => read('afer')).toThrow('page:2: unknown note "afer"');
  expect(() => read('skip=')).toThrow('page:2: "skip=" needs the reason.');
});

test('divides a block at the paths of its files', () => {
  const files = readFiles('// app/auth/[...auth]/route.ts\none;\n\n// proxy.ts: text\ntwo;\n', {});
  expect(files.map(({ path }) => path)).toEqual(['app/auth/[...auth]/route.ts', 'proxy.ts']);
});
