import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ClsModule, type ClsModuleOptions, ClsService } from 'nestjs-cls';
import { describe, expect, test } from 'vitest';
import { getPrincipal } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

@Injectable()
class PrincipalInterceptor implements NestInterceptor {
  constructor(@Inject(ClsService) private readonly cls: ClsService) {}

  intercept(context: ExecutionContext, next: CallHandler) {
    this.cls.set('sub', getPrincipal(context)?.sub);
    return next.handle();
  }
}

@Controller()
class ClsController {
  constructor(@Inject(ClsService) private readonly cls: ClsService) {}

  @Get('cls')
  async read() {
    await new Promise(setImmediate);
    return { sub: this.cls.get('sub') };
  }
}

const save = (cls: ClsService, context: ExecutionContext) => cls.set('sub', getPrincipal(context)?.sub);

describe.each(adapters)('nestjs-cls on %s', (adapter) => {
  test.each<[string, ClsModuleOptions, { readonly interceptor?: boolean }]>([
    ['an interceptor after its middleware', { middleware: { mount: true } }, { interceptor: true }],
    ['the setup of its interceptor', { interceptor: { mount: true, setup: save } }, {}],
  ])('stores the principal of each request in %s', async (_, options, { interceptor = false }) => {
    const { call, mint } = await startApp(
      {
        imports: [ClsModule.forRoot(options)],
        controllers: [ClsController],
        providers: interceptor ? [{ provide: APP_INTERCEPTOR, useClass: PrincipalInterceptor }] : [],
      },
      { adapter },
    );
    const subs = ['alice', 'bob', 'carol', 'dave'];
    const bodies = await Promise.all(subs.map(async (sub) => (await call('/cls', await mint({ sub }))).body));
    expect(bodies).toEqual(subs.map((sub) => ({ sub })));
    expect((await call('/cls')).status).toBe(401);
  });

  test('its middleware has no principal, because it runs before the guard', async () => {
    const seen: unknown[] = [];
    const setup = (_: ClsService, request: object) => void seen.push(getPrincipal(request));
    const { call, mint } = await startApp(
      {
        imports: [ClsModule.forRoot({ middleware: { mount: true, setup } })],
        controllers: [ClsController],
      },
      { adapter },
    );
    expect((await call('/cls', await mint())).status).toBe(200);
    expect(seen).toEqual([undefined]);
  });
});
