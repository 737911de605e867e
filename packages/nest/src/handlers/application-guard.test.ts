import { AccessTokenError } from '@countersign/core/resource-server';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { expect, test, vi } from 'vitest';
import type { GuardOptions } from '../guard-options.ts';
import { ApplicationAuth, ApplicationErrorFilter, ApplicationGuard } from './application-guard.ts';

function createModules(results: readonly unknown[], options: GuardOptions = {}): ModulesContainer {
  const modules = results.map((result, index) => {
    const guard = { canActivate: () => result } as CanActivate;
    const providers = new Map([
      ['other', { instance: {} }],
      ['auth', { instance: new ApplicationAuth(guard, options) }],
    ]);
    return [String(index), { providers }] as const;
  });
  return new Map(modules) as unknown as ModulesContainer;
}

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
  expect(await new ApplicationGuard(createModules(results)).canActivate(context)).toBe(allowed);
});

test('N18: the filter uses the options of its application', () => {
  const rejection = new AccessTokenError('insufficient_scope', 'No scope', { status: 403, challenges: [] });
  const send = vi.fn();
  const response = { setHeader: vi.fn(), status: () => ({ send }) };
  const host = new ExecutionContextHost([{ headers: {} }, response]);
  host.setType('http');
  for (const [options, body] of [
    [{}, { statusCode: 403 }],
    [{ errorFormat: 'problem' }, { type: 'about:blank', status: 403 }],
  ] as const) {
    new ApplicationErrorFilter(createModules([true], options)).catch(rejection, host);
    expect(send).toHaveBeenLastCalledWith(expect.objectContaining(body));
  }
});
