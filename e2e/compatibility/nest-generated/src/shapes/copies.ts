import 'reflect-metadata';
import assert from 'node:assert/strict';
import { cp, mkdir, realpath, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as first from '@countersign/nest';
import { createTestAuthorizationServer } from '@countersign/testing';
import { Controller, Get, type Type } from '@nestjs/common';
import {
  adapterNames,
  audience,
  listReportLines,
  startApplication,
  type TestApplication,
} from '../start-application.js';

type Copy = Pick<typeof first, 'Principal' | 'Public'>;

const folder = process.env.FIXTURE ?? '.';
const load = createRequire(join(folder, 'package.json'));
/** The folder of the copies. Node finds their dependencies in the store of pnpm. */
const copies = join(folder, 'node_modules/.pnpm/copy/node_modules');

/** Copies a package, as an application that installs two versions has it. */
async function copyPackage(name: string): Promise<void> {
  const source = dirname(await realpath(load.resolve(`${name}/package.json`)));
  await mkdir(dirname(join(copies, name)), { recursive: true });
  await cp(source, join(copies, name), { recursive: true });
}

/** Creates a controller with the decorators of a copy. */
function createController({ Principal, Public }: Copy): Type {
  @Controller('items')
  class ItemsController {
    @Get()
    me(@Principal('sub') sub?: string) {
      return { sub: sub ?? 'anonymous' };
    }

    @Public()
    @Get('open')
    open(@Principal('sub') sub?: string) {
      return { sub: sub ?? 'anonymous' };
    }
  }
  return ItemsController;
}

/** Tests an application whose dependencies contain a second copy of the packages. */
export function testCopies(): void {
  for (const adapter of adapterNames) {
    describe(`two copies of the packages on ${adapter}`, () => {
      const running: TestApplication[] = [];
      let second: typeof first;
      let secondCore: typeof import('@countersign/core/resource-server');

      before(async () => {
        for (const name of ['@countersign/core', '@countersign/nest']) await copyPackage(name);
        const loadCopy = createRequire(join(copies, '@countersign/nest/dist/index.js'));
        second = loadCopy(join(copies, '@countersign/nest/dist/index.js'));
        secondCore = loadCopy('@countersign/core/resource-server');
      });
      after(async () => {
        for (const { close } of running) await close();
        await rm(join(copies, '..'), { recursive: true });
      });

      test('a decorator of another copy fails closed', async () => {
        assert.notEqual(second.AccessTokenGuard, first.AccessTokenGuard);
        const application = await startApplication({ controllers: [createController(second)] }, { adapter });
        running.push(application);
        const { app, call, getStatus, mint } = application;
        assert.deepEqual(listReportLines(app), [
          'http GET /items ItemsController.me protected',
          'http GET /items/open ItemsController.open public',
        ]);
        assert.equal(await getStatus('/items', await mint()), 500);
        assert.equal(await getStatus('/items'), 401);
        assert.equal((await call('/items/open')).text, '{"sub":"anonymous"}');
      });

      test('a verifier of another copy passes its principal', async () => {
        const {
          issuer,
          fetch: issuerFetch,
          clock,
          mintAccessToken,
        } = await createTestAuthorizationServer({
          resources: [audience],
        });
        const options = { issuer, audience, fetch: issuerFetch, now: clock.now };
        const verifier = secondCore.createAccessTokenVerifier(options);
        const application = await startApplication(
          { controllers: [createController(first)] },
          { adapter, auth: { verifier } as never },
        );
        running.push(application);
        const { text } = await application.call('/items', await mintAccessToken({ sub: 'bob' }));
        assert.equal(text, '{"sub":"bob"}');
        assert.equal(await application.getStatus('/items', 'abc'), 401);
        assert.equal(await application.getStatus('/items'), 401);
      });
    });
  }
}
