import 'reflect-metadata';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accessTokenSecurity } from '@countersign/nest';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ItemsController } from '../items.controller.js';
import { adapterNames, startApplication } from '../start-application.js';

const build = process.env.BUILD ?? '';
/** True in the build with SWC and the compiler plugin of `@nestjs/swagger`, which writes `src/metadata.ts`. */
const hasMetadata = build.includes('nest-cli.metadata.json');
/** True in a build with the compiler plugin. With TypeScript, it changes files with the suffix `.controller.ts`. */
const hasPlugin = hasMetadata || build.includes('nest-cli.plugins.json');

/** Loads the metadata as the `main.ts` of an application does. The name is a variable: other builds have no such file. */
async function loadMetadata(): Promise<void> {
  const file = '../metadata.js';
  const { default: createMetadata } = await import(file);
  await SwaggerModule.loadPluginMetadata(createMetadata);
}

/** Tests the document of a controller that the plugin changes. */
export function testOpenApiPlugin(): void {
  for (const adapter of adapterNames)
    describe(`the compiler plugin of @nestjs/swagger on ${adapter}`, () => {
      test('the document contains the security of a handler, with the plugin and without', async () => {
        const { app, close } = await startApplication({ controllers: [ItemsController] }, { adapter });
        if (hasMetadata) await loadMetadata();
        const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
        await close();
        const { security, responses } = JSON.parse(JSON.stringify(paths['/items']?.get));
        assert.deepEqual(security, [{ [accessTokenSecurity]: ['items:read'] }]);
        assert.deepEqual(Object.keys(responses), ['200', '401', '403']);
        const schema = { type: 'array', items: { type: 'string' } };
        assert.deepEqual(
          responses['200'].content,
          hasPlugin ? { 'application/json': { schema } } : undefined,
        );
      });
    });
}
