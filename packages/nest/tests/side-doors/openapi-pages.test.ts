import { Controller, Get } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { describe, expect, test } from 'vitest';
import {
  accessReport,
  accessTokenSecurity,
  accessTokenSecurityScheme,
  Public,
  RequireScopes,
} from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

@Controller('items')
class ItemsController {
  @RequireScopes('items:read')
  @Get()
  list() {
    return [];
  }

  @Public()
  @Get('open')
  open() {
    return [];
  }
}

const description = new DocumentBuilder()
  .addSecurity(accessTokenSecurity, accessTokenSecurityScheme({ issuer: 'https://login.example.com' }))
  .build();

describe.each(adapters)('@nestjs/swagger on %s', (adapter) => {
  test('its pages need no token, and contain the requirements of the handlers', async () => {
    const { app, url, call, mint } = await startApp(
      { controllers: [ItemsController] },
      {
        adapter,
        before: (each) =>
          SwaggerModule.setup('docs', each, () => SwaggerModule.createDocument(each, description)),
      },
    );
    expect((await fetch(`${url}/docs`)).status).toBe(200);
    const { status, body } = await call('/docs-json');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      paths: {
        '/items': { get: { security: [{ access_token: ['items:read'] }] } },
        '/items/open': { get: { security: [{}] } },
      },
    });
    expect((await call('/items')).status).toBe(401);
    expect((await call('/items', await mint({ scope: 'items:read' }))).status).toBe(200);
    // Pages of the HTTP adapter have no handler, so the report does not list them.
    expect(accessReport(app).map(({ entry }) => entry)).toEqual(['GET /items', 'GET /items/open']);
  });

  test('a handler that returns the document requires a token', async () => {
    let document: object = {};
    @Controller('openapi.json')
    class DocumentController {
      @Get()
      read() {
        return document;
      }
    }
    const { app, call, mint } = await startApp(
      { controllers: [ItemsController, DocumentController] },
      { adapter },
    );
    document = SwaggerModule.createDocument(app, description);
    expect((await call('/openapi.json')).status).toBe(401);
    expect(await call('/openapi.json', await mint())).toMatchObject({
      status: 200,
      body: { paths: { '/items': {} } },
    });
  });
});
