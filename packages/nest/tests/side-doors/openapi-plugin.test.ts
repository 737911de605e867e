import * as common from '@nestjs/common';
import * as swagger from '@nestjs/swagger';
import { before as createTransformer } from '@nestjs/swagger/plugin';
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

/** Compiles the file as `nest build` does with the plugin. */
function compile(): string {
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
  program.emit(undefined, undefined, undefined, false, {
    before: [createTransformer({}, program as never) as never],
  });
  return code;
}

const compiledCode = compile();

/** Runs the compiled file, and returns its controller. */
function createController(): common.Type {
  const modules: Readonly<Record<string, object>> = {
    '@nestjs/common': common,
    '@nestjs/swagger': swagger,
    '@countersign/nest': nest,
  };
  const exported: { ItemsController?: common.Type } = {};
  new Function('require', 'exports', compiledCode)((name: string) => modules[name], exported);
  if (!exported.ItemsController) throw new Error('The compiled file exports no controller.');
  return exported.ItemsController;
}

describe.each(adapters)('the compiler plugin of @nestjs/swagger on %s', (adapter) => {
  test('the document contains the requirements of the handlers beside the types that the plugin adds', async () => {
    const { app, call } = await startApp({ controllers: [createController()] }, { adapter });
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
  });
});
