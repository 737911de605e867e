import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { expect, test } from 'vitest';
import { ApplicationAuth, ApplicationGuard } from './application-guard.ts';

const createGuard = (...results: unknown[]) => {
  const modules = results.map((result, index) => {
    const guard = { canActivate: () => result } as CanActivate;
    const providers = new Map([
      ['other', { instance: {} }],
      ['auth', { instance: new ApplicationAuth(guard, {}) }],
    ]);
    return [String(index), { providers }] as const;
  });
  return new ApplicationGuard(new Map(modules) as unknown as ModulesContainer);
};

const context = {} as ExecutionContext;

test.each([
  [[true], true],
  [[false], false],
  [[true, true], true],
  [[true, false], false],
  [[false, true], false],
  [[Promise.resolve(true), Promise.resolve(false)], false],
  [[true, 'yes'], false],
])('N18: all guards of an application must allow a message: %j', async (results, allowed) => {
  expect(await createGuard(...results).canActivate(context)).toBe(allowed);
});
