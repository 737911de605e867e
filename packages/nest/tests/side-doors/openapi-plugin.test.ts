import * as common from '@nestjs/common';
import * as swagger from '@nestjs/swagger';
import { before as createTransformer, ReadonlyVisitor } from '@nestjs/swagger/plugin';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import * as nest from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

/** The file of an application. The plugin changes files with this suffix only. */
const file = '/items.controller.ts';

const source = `
import { Controller, Get, Post } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { OptionalAuth, Public, RequireScopes } from '@countersign/nest';

@Controller('items')
export class ItemsController {
  @RequireScopes('items:read')
  @Get()
  list(): string[] {
    return [];
  }

  @Get('plain')
  plain(): string {
    return '';
  }

  @RequireScopes('items:write')
  @ApiOkResponse({ description: 'application' })
  @Post()
  add(): void {}

  @OptionalAuth()
  @Get('optional')
  optional(): number {
    return 1;
  }

  @Public()
  @Get('open')
  open(): boolean {
    return true;
  }
}
`;

/** The types of the language that the file uses. Those of TypeScript take seconds to parse. */
const library = [
  'interface Array<T> { length: number }',
  ...[
    'Boolean',
    'CallableFunction',
    'Function',
    'IArguments',
    'NewableFunction',
    'Number',
    'Object',
    'RegExp',
    'String',
  ].map((name) => `interface ${name} {}`),
].join('\n');

/** Creates the program of the file. `emit` returns its code. */
function createProgram() {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.CommonJS,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    noResolve: true,
    noLib: true,
    types: [],
  };
  const texts: Readonly<Record<string, string>> = { [file]: source, '/library.d.ts': library };
  const host = ts.createCompilerHost(options);
  host.getSourceFile = (name) => ts.createSourceFile(name, texts[name] ?? '', ts.ScriptTarget.ES2023, true);
  let code = '';
  host.writeFile = (_, text) => {
    code = text;
  };
  const program = ts.createProgram(Object.keys(texts), options, host);
  const emit = (before: ts.TransformerFactory<ts.SourceFile>[] = []) => {
    program.emit(undefined, undefined, undefined, false, { before });
    return code;
  };
  return { program, emit };
}

/** Compiles the file as `nest build` does with the plugin and TypeScript: the plugin adds decorators. */
function compileWithDecorators(): string {
  const { program, emit } = createProgram();
  return emit([createTransformer({}, program as never) as never]);
}

/**
 * Compiles the file as `nest build --builder swc --type-check` does: the plugin does not change the file, and the responses
 * are in a file `metadata.ts` of its own.
 */
function compileWithMetadata(): { readonly code: string; readonly responses: object } {
  const { program, emit } = createProgram();
  const visitor = new ReadonlyVisitor({ pathToSource: '/' });
  const sourceFile = program.getSourceFile(file) as ts.SourceFile;
  visitor.visit(program as never, sourceFile as never);
  const [[, { ItemsController: literals }]] = visitor.collect().controllers as unknown as [
    [unknown, { ItemsController: Readonly<Record<string, ts.Node>> }],
  ];
  const printer = ts.createPrinter();
  const members = Object.entries(literals).map(
    ([name, literal]) => `${name}: ${printer.printNode(ts.EmitHint.Unspecified, literal, sourceFile)}`,
  );
  return { code: emit(), responses: new Function(`return { ${members.join(', ')} }`)() as object };
}

/** Runs the compiled file, and returns its controller. */
function createController(code: string): common.Type {
  const modules: Readonly<Record<string, object>> = {
    '@nestjs/common': common,
    '@nestjs/swagger': swagger,
    '@countersign/nest': nest,
  };
  const exported: { ItemsController?: common.Type } = {};
  new Function('require', 'exports', code)((name: string) => modules[name], exported);
  if (!exported.ItemsController) throw new Error('The compiled file exports no controller.');
  return exported.ItemsController;
}

/** What a build provides: the controller, and what the application calls before it creates the document. */
const builds: Readonly<Record<string, { readonly code: string; readonly responses?: object }>> = {
  'with decorators': { code: compileWithDecorators() },
  'with metadata.ts': compileWithMetadata(),
};

describe.each(adapters)('the compiler plugin of @nestjs/swagger on %s', (adapter) => {
  test.each(Object.entries(builds))(
    '%s: the document contains the requirements of the handlers beside the types that the plugin adds',
    async (_, { code, responses }) => {
      const controller = createController(code);
      const { app, call } = await startApp({ controllers: [controller] }, { adapter });
      if (responses)
        await swagger.SwaggerModule.loadPluginMetadata(async () => ({
          '@nestjs/swagger': {
            models: [],
            controllers: [[Promise.resolve({ ItemsController: controller }), { ItemsController: responses }]],
          },
        }));
      const { paths } = swagger.SwaggerModule.createDocument(app, new swagger.DocumentBuilder().build());
      const json = (schema: object) => ({ content: { 'application/json': { schema } } });
      const rejected = { 401: { description: 'The access token is missing or invalid' } };
      expect(paths['/items']?.get).toMatchObject({
        security: [{ access_token: ['items:read'] }],
        responses: {
          200: json({ type: 'array', items: { type: 'string' } }),
          ...rejected,
          403: { description: 'The access token lacks the scope: items:read' },
        },
      });
      expect(paths['/items']?.post).toMatchObject({
        security: [{ access_token: ['items:write'] }],
        responses: { 200: { description: 'application' }, ...rejected },
      });
      expect(paths['/items/plain']?.get).toMatchObject({
        security: [{ access_token: [] }],
        responses: { 200: json({ type: 'string' }), ...rejected },
      });
      expect(paths['/items/optional']?.get).toMatchObject({
        security: [{}, { access_token: [] }],
        responses: { 200: json({ type: 'number' }), ...rejected },
      });
      expect(paths['/items/open']?.get).toMatchObject({
        security: [{}],
        responses: { 200: json({ type: 'boolean' }) },
      });
      expect((await call('/items')).status).toBe(401);
      expect((await call('/items/open')).status).toBe(200);
    },
  );
});
