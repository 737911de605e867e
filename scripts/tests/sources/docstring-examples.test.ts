import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileExamples, type Example } from '../../lib/examples/compile.ts';
import { root } from '../../lib/processes/process.ts';

/** The packages, and the modules of names that an example uses without an import. */
const packages: Readonly<Record<string, readonly string[]>> = {
  core: [
    '@countersign/core',
    '@countersign/core/session',
    '@countersign/core/session/adapter',
    '@countersign/core/resource-server',
    '@countersign/core/providers',
    '@countersign/core/browser',
    '@countersign/core/worker',
    '@countersign/core/node',
  ],
  next: ['@countersign/next', '@countersign/next/client', '@countersign/next/testing'],
  nest: [
    '@countersign/nest',
    '@countersign/nest/testing',
    '@countersign/core/resource-server',
    '@nestjs/common',
    '@nestjs/core',
    '@nestjs/microservices',
    '@nestjs/swagger',
    '@nestjs/testing',
    '@nestjs/websockets',
    'node:http',
    'vitest',
  ],
  angular: ['@countersign/angular', '@countersign/angular/testing', '@angular/core'],
  redis: ['@countersign/redis'],
  sql: ['@countersign/sql'],
  testing: ['@countersign/testing', '@countersign/testing/contracts'],
};

/** Code of the application that the examples of a package use without a declaration. */
const applications: Readonly<Record<string, string>> = {
  nest: `
    declare const app: import('@nestjs/common').INestApplication;
    declare class AppModule {}
    declare class PublicController {}
    declare const connections: import('@countersign/nest').ConnectionAuthenticator;
  `,
};

/** Files whose docstrings are read. */
const sources = '{src,rxjs-interop,testing,worker}/**/*.{ts,tsx}';

/** Reads the fenced TypeScript blocks of the docstrings of a file. */
function readExamples(source: string): readonly Example[] {
  const text = readFileSync(join(root, source), 'utf8');
  const blocks = [...text.matchAll(/^ *\* ```(tsx?)\n((?: *\*.*\n)*?) *\* ```$/gm)];
  return blocks.map(([, language, body = ''], index) => ({
    name: `${source}, example ${index + 1}`,
    file: join(root, dirname(source), `${source.replaceAll(/\W/g, '-')}-${index + 1}.${language}`),
    code: body.replaceAll(/^ *\* ?/gm, ''),
  }));
}

/** An example omits what the sources around it import, so types need no separate import. */
const options = { verbatimModuleSyntax: false, isolatedModules: false };

describe.each(Object.entries(packages))('docstrings of %s', (name, modules) => {
  const directory = join(root, 'packages', name);
  const files = globSync(`packages/${name}/${sources}`, { cwd: root }).filter(
    (file) => !file.includes('.test.'),
  );
  const examples = files.flatMap(readExamples);

  test('contain examples', () => {
    expect(examples.length).toBeGreaterThan(0);
  });

  test('contain examples that compile', { timeout: 120_000 }, () => {
    const messages = compileExamples(examples, {
      directory,
      modules,
      options,
      ...(applications[name] && { application: applications[name] }),
    });
    const failed = [...messages].filter(([, texts]) => texts.length > 0);
    expect(Object.fromEntries(failed)).toEqual({});
  });
});

test('report an example that does not compile', { timeout: 120_000 }, () => {
  const file = join(root, 'packages/redis/src/example.ts');
  const example = { name: 'example', file, code: 'const stores: string = createRedisStores(42);' };
  const directory = join(root, 'packages/redis');
  const messages = compileExamples([example], { directory, modules: ['@countersign/redis'], options });
  expect(messages.get('example')?.length).toBeGreaterThan(0);
});
