import * as core from '@countersign/core/resource-server';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { AuthModule } from '../../src/index.ts';

const options = { issuer: 'https://login.example', audience: 'https://api.example' };
const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
afterEach(() => void warn.mockClear());

async function start(verifier: core.AccessTokenVerifier) {
  const app = await Test.createTestingModule({ imports: [AuthModule.forRoot({ verifier })] }).compile();
  await app.close();
}

/** Loads another copy of core, as a second version in node_modules is. */
async function loadCopy(): Promise<typeof core> {
  vi.resetModules();
  return import('@countersign/core/resource-server');
}

test('logs a warning about a second copy of core', async () => {
  const copy = await loadCopy();
  expect(copy.AuthenticatedRequest).not.toBe(core.AuthenticatedRequest);
  await start(copy.createAccessTokenVerifier(options));
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('npm ls @countersign/core'));
});

test.each<[string, (verifier: core.AccessTokenVerifier) => core.AccessTokenVerifier]>([
  ['a verifier of the same copy', (verifier) => verifier],
  ['an object that inherits from a verifier', (verifier) => Object.create(verifier)],
  ['a verifier of the application', (verifier) => ({ ...verifier })],
])('logs no warning for %s', async (_, create) => {
  await start(create(core.createAccessTokenVerifier(options)));
  expect(warn).not.toHaveBeenCalled();
});
