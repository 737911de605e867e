import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { findBuiltFile, listEntries, listPublishedPackages } from '../packages/packages.ts';
import { root } from '../processes/process.ts';
import { checkTemplates } from './check-templates.ts';
import { compileExamples, type Example } from './compile.ts';
import { type Block, readFiles } from './markdown.ts';

export interface BlockResult {
  /** Page and line. */
  readonly name: string;
  readonly messages: readonly string[];
  /** Why the block was not compiled. */
  readonly skipped?: string;
}

interface Kind {
  /** The folder whose dependencies the blocks use. */
  readonly directory: string;
  /** Modules of the names that a part of a file can use without an import. */
  readonly modules: readonly string[];
}

/** The kinds of blocks. The blocks of a kind are compiled as one program. */
const kinds: Readonly<Record<string, Kind>> = {
  core: {
    directory: 'packages/core',
    modules: [
      '@countersign/core',
      '@countersign/core/providers',
      '@countersign/core/session',
      '@countersign/core/resource-server',
      '@countersign/core/browser',
      '@countersign/core/node',
      '@countersign/redis',
      '@countersign/sql',
      '@countersign/testing',
      'vitest',
    ],
  },
  next: {
    directory: 'packages/next',
    modules: [
      '@countersign/next',
      '@countersign/next/client',
      '@countersign/next/testing',
      '@countersign/redis',
      '@countersign/sql',
      'next/server',
      'vitest',
    ],
  },
  nest: {
    directory: 'packages/nest',
    modules: [
      '@countersign/nest',
      '@countersign/nest/testing',
      '@countersign/core',
      '@countersign/core/providers',
      '@countersign/core/resource-server',
      '@countersign/redis',
      '@countersign/sql',
      '@countersign/testing',
      '@nestjs/common',
      '@nestjs/core',
      '@nestjs/bullmq',
      '@nestjs/cache-manager',
      '@nestjs/devtools-integration',
      '@nestjs/graphql',
      '@nestjs/microservices',
      '@nestjs/serve-static',
      '@nestjs/swagger',
      '@nestjs/testing',
      '@nestjs/throttler',
      '@nestjs/websockets',
      'bullmq',
      'node:http',
      'rxjs',
      'vitest',
    ],
  },
  angular: {
    directory: 'packages/angular',
    modules: [
      '@countersign/angular',
      '@countersign/angular/rxjs-interop',
      '@countersign/angular/testing',
      '@countersign/angular/worker',
      '@angular/core',
      '@angular/core/testing',
      '@angular/common/http',
      '@angular/common/http/testing',
      '@angular/platform-browser',
      '@angular/router',
      '@angular/ssr',
      'vitest',
    ],
  },
};

/** The kind of each page: the first pattern that matches. */
const pageKinds: readonly (readonly [RegExp, string])[] = [
  [/nest/, 'nest'],
  [/angular/, 'angular'],
  [/next|authjs/, 'next'],
  [/./, 'core'],
];

/** Modules that are installed for another folder only. */
const otherModules: Readonly<Record<string, string>> = {
  '@angular/ssr': 'apps/angular-spa/node_modules/@angular/ssr',
  '@playwright/test': 'e2e/node_modules/@playwright/test',
  'identity-provider': 'apps/identity-provider/src/index.ts',
  ioredis: 'packages/redis/node_modules/ioredis',
  mysql2: 'packages/sql/node_modules/mysql2',
  pg: 'packages/sql/node_modules/@types/pg',
  postgres: 'packages/sql/node_modules/postgres',
  redis: 'packages/redis/node_modules/redis',
};

/** Checks all blocks: TypeScript and JavaScript compile, JSON parses, commands contain existing names. */
export async function checkBlocks(blocks: readonly Block[]): Promise<readonly BlockResult[]> {
  const results = new Map<Block, BlockResult>();
  const compiled: [Block, string][] = [];
  for (const block of blocks) {
    const { name, language, notes } = block;
    if (notes.skip !== undefined) results.set(block, { name, messages: [], skipped: notes.skip });
    else if (/^(?:tsx?|js)$/.test(language)) compiled.push([block, findKind(block)]);
    else if (language === 'json') results.set(block, { name, messages: checkJson(block) });
    else if (language === 'sh') results.set(block, { name, messages: checkCommands(block) });
    else if (uncheckedLanguages.has(language)) results.set(block, { name, messages: [] });
    else
      results.set(block, {
        name,
        messages: [
          `line 1: the language "${language}" is not checked. Use ts, tsx, js, html, json, sh or text.`,
        ],
      });
  }
  for (const [kind, settings] of Object.entries(kinds)) {
    const blocksOfKind = compiled.filter(([, each]) => each === kind).map(([block]) => block);
    if (blocksOfKind.length === 0) continue;
    for (const [block, messages] of await compileBlocks(blocksOfKind, blocks, settings, kind === 'angular'))
      results.set(block, { name: block.name, messages });
  }
  return blocks.map((block) => results.get(block) ?? { name: block.name, messages: ['has no result'] });
}

/** Languages that contain nothing that this repository defines. */
const uncheckedLanguages = new Set(['text', 'mermaid', 'nginx', 'html', 'yaml', 'dockerfile', 'http']);

function findKind({ name, page, notes }: Block): string {
  const kind = notes.kind ?? pageKinds.find(([pattern]) => pattern.test(page))?.[1] ?? '';
  if (kinds[kind] === undefined)
    throw new Error(`${name}: unknown kind "${kind}". Known: ${Object.keys(kinds).join(', ')}.`);
  return kind;
}

async function compileBlocks(
  blocks: readonly Block[],
  all: readonly Block[],
  { directory, modules }: Kind,
  templates: boolean,
): Promise<ReadonlyMap<Block, readonly string[]>> {
  const home = join(root, directory);
  const taken = new Set<string>();
  const owners = new Map<string, Block>();
  const examples = blocks.flatMap((block) =>
    createExamples(block, all, home, taken).map((example) => {
      owners.set(example.name, block);
      return example;
    }),
  );
  const messages = compileExamples(examples, {
    directory: home,
    modules,
    options: {
      customConditions: [],
      paths: findPaths(),
      skipLibCheck: false,
      strict: true,
      allowJs: true,
      checkJs: true,
      jsx: 4,
      noImplicitReturns: true,
    },
    ...(templates && { check: await checkTemplates(home) }),
  });
  const messagesByBlock = new Map<Block, string[]>(blocks.map((block) => [block, []]));
  for (const [name, texts] of messages) messagesByBlock.get(owners.get(name) as Block)?.push(...texts);
  return messagesByBlock;
}

/** The declarations of the built packages, as users receive them. */
function findPaths(): Record<string, string[]> {
  const entries = listPublishedPackages().flatMap((pkg) =>
    listEntries(pkg).map((entry) => [`${pkg.name}${entry.slice(1)}`, [findBuiltFile(pkg, entry, 'types')]]),
  );
  const others = Object.entries(otherModules).map(([name, path]) => [name, [join(root, path)]]);
  return Object.fromEntries([...entries, ...others]) as Record<string, string[]>;
}

/** Creates an example for each file of a block. The files of a page, or of a named application, can import each other. */
function createExamples(
  block: Block,
  all: readonly Block[],
  home: string,
  taken: Set<string>,
): readonly Example[] {
  const { page, line, language, notes } = block;
  const app = join(home, 'src/readmes', (notes.app ?? page).replaceAll(/\W/g, '-'));
  const existing = readFiles(notes.existing ?? '', {}).map(({ path = '', code }) => ({
    name: `${block.name} ${path}`,
    file: join(app, path),
    code,
    addImports: false,
  }));
  const shownFiles = readFiles(block.code, notes).map(({ path, code, offset }, index) => {
    const place = join(app, path ?? `block-${line}.${language}`);
    // A page can show several versions of one file.
    const file = taken.has(place) ? join(app, `at-${line}-${index}`, path ?? '') : place;
    taken.add(file);
    const previousBlocks = notes.after ? findPrevious(block, all) : '';
    const [head, tail] = surround(code, notes.around);
    const complete = replaceAlias(
      `${previousBlocks}${head}${code}${tail}`,
      relative(dirname(file), app) || '.',
    );
    const repeatedLines = countLines(previousBlocks) + countLines(head) - offset;
    return {
      name: `${block.name}${path === undefined ? '' : ` ${path}`}`,
      file,
      code: complete,
      addImports: path === undefined || notes.around !== undefined,
      repeatedLines,
    };
  });
  return [...existing, ...shownFiles];
}

const countLines = (text: string) => text.split('\n').length - 1;

function surround(code: string, around = ''): readonly [string, string] {
  const [head = '', tail] = around.split(/^[ \t]*\[block\][ \t]*$/m);
  const withEnd = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
  return [withEnd(head), tail === undefined ? '' : `${code.endsWith('\n') ? '' : '\n'}${tail.trimStart()}`];
}

/** The code of the blocks that a block continues. */
function findPrevious(block: Block, all: readonly Block[]): string {
  const pageBlocks = all.filter(({ page, language }) => page === block.page && /^tsx?$/.test(language));
  const previous = pageBlocks[pageBlocks.indexOf(block) - 1];
  if (previous === undefined) throw new Error(`${block.name}: no block to continue.`);
  const previousBlocks = previous.notes.after ? findPrevious(previous, all) : '';
  const [head, tail] = surround(previous.code, previous.notes.around);
  return `${previousBlocks}${head}${previous.code}${tail}\n`;
}

/** `@/` is the root of the application, as in the applications that create-next-app generates. */
const replaceAlias = (code: string, path: string) =>
  code.replaceAll(/(from |import\()'@\//g, `$1'${path.startsWith('.') ? path : `./${path}`}/`);

function checkJson({ code }: Block): readonly string[] {
  for (const text of [code, `{${code}}`]) {
    try {
      JSON.parse(text);
      return [];
    } catch {}
  }
  return ['line 1: not JSON, and not members of a JSON object.'];
}

/** Names in commands: packages that are installed, and scripts of this repository. */
function checkCommands({ code }: Block): readonly string[] {
  const published = new Set(listPublishedPackages().map(({ name }) => name));
  const catalog = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const messages: string[] = [];
  for (const [index, line] of code.split('\n').entries()) {
    const command = line.replace(/ #.*$/, '').trim();
    const report = (text: string) => messages.push(`line ${index + 1}: ${text}`);
    const [, names] = /^(?:npm install|npm i|pnpm add|yarn add|bun add)((?: .*)?)$/.exec(command) ?? [];
    for (const name of names?.split(' ').filter((word) => word !== '' && !word.startsWith('-')) ?? [])
      if (!published.has(name) && !catalog.includes(`\n  "${name}":`) && !catalog.includes(`\n  ${name}:`))
        report(`the package ${name} is neither published from here nor in the catalog.`);
    const script = /^npx pnpm@[\d.]+ (?:run )?([\w:]+)/.exec(command)?.[1];
    if (script !== undefined && scripts[script] === undefined && !['install', 'exec'].includes(script))
      report(`the root manifest has no script "${script}".`);
  }
  return messages;
}
