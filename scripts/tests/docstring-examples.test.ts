import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../lib/process.ts';

/** The packages, and the modules of names that an example uses without an import. */
const packages: Readonly<Record<string, readonly string[]>> = {
  core: [
    '@countersign/core',
    '@countersign/core/session',
    '@countersign/core/session/adapter',
    '@countersign/core/resource-server',
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

interface Example {
  readonly name: string;
  /** A path beside the source, so that its imports resolve as they do there. */
  readonly file: string;
  readonly code: string;
}

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

/** Creates a program of the files of a package and of files that exist in memory only. */
function createProgram(directory: string, files: ReadonlyMap<string, string>): ts.Program {
  const config = ts.getParsedCommandLineOfConfigFile(join(directory, 'tsconfig.json'), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(String(messageText));
    },
  });
  if (!config) throw new Error(`${directory} has no tsconfig.json.`);
  const options: ts.CompilerOptions = {
    ...config.options,
    noEmit: true,
    types: ['node'],
    verbatimModuleSyntax: false,
    isolatedModules: false,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  const withFiles: ts.CompilerHost = {
    ...host,
    fileExists: (file) => files.has(file) || fileExists.call(host, file),
    readFile: (file) => files.get(file) ?? readFile.call(host, file),
    getSourceFile: (file, languageVersion) => {
      const text = files.get(file) ?? readFile.call(host, file);
      return text === undefined ? undefined : ts.createSourceFile(file, text, languageVersion, true);
    },
  };
  return ts.createProgram([...files.keys()], options, withFiles);
}

/** Maps each exported name to the first of the modules that exports it. */
function findExports(directory: string, modules: readonly string[]): ReadonlyMap<string, string> {
  const file = join(directory, 'src/modules-of-examples.ts');
  const text = modules.map((name, index) => `import * as m${index} from '${name}';\n`).join('');
  const program = createProgram(directory, new Map([[file, text]]));
  const checker = program.getTypeChecker();
  const found = new Map<string, string>();
  for (const statement of program.getSourceFile(file)?.statements ?? []) {
    if (!ts.isImportDeclaration(statement)) continue;
    const symbol = checker.getSymbolAtLocation(statement.moduleSpecifier);
    const name = (statement.moduleSpecifier as ts.StringLiteral).text;
    if (!symbol) throw new Error(`${name} cannot be resolved in ${directory}.`);
    for (const { name: exported } of checker.getExportsOfModule(symbol))
      if (!found.has(exported)) found.set(exported, name);
  }
  return found;
}

/** Codes of the compiler for a name that is not declared, with and without a suggestion. */
const undeclaredName = [2304, 2552, 2582, 2593];

/** Adds an import for each name that an example uses and one of the modules exports. */
function addImports(example: Example, program: ts.Program, exports: ReadonlyMap<string, string>): string {
  const source = program.getSourceFile(example.file);
  const names = program
    .getSemanticDiagnostics(source)
    .filter(({ code }) => undeclaredName.includes(code))
    .map(({ start = 0, length = 0 }) => example.code.slice(start, start + length));
  const imports = [...new Set(names)].flatMap((name) => {
    const module = exports.get(name);
    return module === undefined ? [] : [`import { ${name} } from '${module}';\n`];
  });
  // `export {}` makes each example a module with names of its own.
  return `${imports.join('')}${example.code}\nexport {};\n`;
}

/** Compiles the examples and returns the messages of each. */
function compile(
  directory: string,
  examples: readonly Example[],
  modules: readonly string[],
  application = '',
) {
  const create = (code: (example: Example) => string) =>
    createProgram(
      directory,
      new Map([
        ...examples.map((example) => [example.file, code(example)] as const),
        [join(directory, 'src/application.d.ts'), application],
      ]),
    );
  const exports = findExports(directory, modules);
  const first = create(({ code }) => `${code}\nexport {};\n`);
  const program = create((example) => addImports(example, first, exports));
  return new Map(
    examples.map(({ name, file }) => {
      const source = program.getSourceFile(file);
      const diagnostics = [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ];
      return [name, diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))];
    }),
  );
}

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
    const messages = compile(directory, examples, modules, applications[name]);
    const failed = [...messages].filter(([, texts]) => texts.length > 0);
    expect(Object.fromEntries(failed)).toEqual({});
  });
});

test('an example that does not compile is reported', { timeout: 120_000 }, () => {
  const file = join(root, 'packages/redis/src/example.ts');
  const example = { name: 'example', file, code: 'const stores: string = createRedisStores(42);' };
  const directory = join(root, 'packages/redis');
  expect(compile(directory, [example], ['@countersign/redis']).get('example')?.length).toBeGreaterThan(0);
});
