import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApiOkResponse, ApiSecurity, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { expect, test } from 'vitest';
import { startApp } from '../../tests/support/start/start-app.ts';
import {
  AccessTokenGuard,
  accessTokenSecurity,
  accessTokenSecurityScheme,
  OptionalAuth,
  Public,
  RequireAnyScope,
  RequireScopes,
} from '../index.ts';

@RequireScopes('items')
@Controller('items')
class ItemsController {
  @RequireScopes('items:read')
  @RequireAnyScope('a', 'b')
  @ApiOkResponse({ description: 'application' })
  @Get('scoped')
  scoped() {}

  @Public()
  @Get('public')
  public() {}

  @ApiSecurity('application')
  @Get('custom')
  custom() {}
}

@Controller('others')
class OthersController {
  @Get('plain')
  plain() {}

  @OptionalAuth()
  @Get('optional')
  optional() {}
}

test('the OpenAPI document contains the requirements of the decorators', async () => {
  const { app } = await startApp(
    { controllers: [ItemsController, OthersController] },
    { auth: { protectedResource: { resource: 'https://api.example.test' } } },
  );
  const description = new DocumentBuilder()
    .addSecurity(accessTokenSecurity, accessTokenSecurityScheme({ issuer: 'https://auth.example.test/' }))
    .addSecurityRequirements('whole_document')
    .build();
  const { paths, components } = SwaggerModule.createDocument(app, description);
  const operation = (path: string) => paths[path]?.get;
  expect(components?.securitySchemes).toEqual({
    access_token: {
      type: 'openIdConnect',
      openIdConnectUrl: 'https://auth.example.test/.well-known/openid-configuration',
    },
  });
  expect(operation('/items/scoped')).toMatchObject({
    security: [
      { access_token: ['items', 'items:read', 'a'] },
      { access_token: ['items', 'items:read', 'b'] },
    ],
    responses: {
      200: { description: 'application' },
      401: { description: 'The access token is missing or invalid' },
      403: { description: 'The access token lacks the scope: items items:read a or items items:read b' },
    },
  });
  expect(operation('/items/public')?.security).toEqual([{}]);
  expect(Object.keys(paths).filter((path) => path.includes('well-known'))).toEqual([]);
  expect(operation('/items/custom')?.security).toEqual([{ application: [] }]);
  expect(operation('/others/plain')).toMatchObject({ security: [{ access_token: [] }] });
  expect(operation('/others/plain')?.responses).not.toHaveProperty('403');
  expect(operation('/others/optional')).toMatchObject({ security: [{}, { access_token: [] }] });
});

test('the OpenAPI document contains the requirements with a guard of the application as APP_GUARD', async () => {
  @Controller('guarded')
  class GuardedController {
    @RequireScopes('items:read')
    @Get('scoped')
    scoped() {}

    @Get('plain')
    plain() {}
  }
  const { app } = await startApp(
    {
      controllers: [GuardedController],
      providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }],
    },
    { auth: { globalGuard: false } },
  );
  const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  expect(paths['/guarded/scoped']?.get?.security).toEqual([{ access_token: ['items:read'] }]);
  expect(paths['/guarded/plain']?.get?.security).toBeUndefined();
});

test('the OpenAPI document contains the successful response of a handler without annotations', async () => {
  @Controller('described')
  class DescribedController {
    @Get()
    list() {}

    @Post()
    add() {}

    @HttpCode(204)
    @Delete()
    remove() {}
  }
  @ApiOkResponse({ description: 'class' })
  @Controller('class')
  class ClassController {
    @Get()
    list() {}
  }
  const { app } = await startApp({ controllers: [DescribedController, ClassController] });
  const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  const rejected = { 401: { description: 'The access token is missing or invalid' } };
  expect(paths['/described']).toMatchObject({
    get: { responses: { 200: { description: '' }, ...rejected } },
    post: { responses: { 201: { description: '' }, ...rejected } },
    delete: { responses: { 204: { description: '' }, ...rejected } },
  });
  expect(Object.keys(paths['/described']?.post?.responses ?? {})).toEqual(['201', '401']);
  expect(paths['/class']?.get?.responses).toEqual({ 200: { description: 'class' }, ...rejected });
});
