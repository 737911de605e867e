import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import type { INestApplication } from '@nestjs/common';
import { afterEach, beforeEach, expect } from 'vitest';
import { type AccessTokenVerifier, AuthModule, type AuthModuleOptions } from '../../src/index.ts';

/** Throws an exception on demand. */
export interface ExceptionTrigger {
  armed: boolean;
  /** Throws while it is armed. */
  throwIfArmed(): void;
}

/** The message of the exceptions, which must not reach a client. */
export const exceptionText = 'inner-text-of-the-exception';

/** Creates a trigger whose exception contains a secret. */
export function createExceptionTrigger(): ExceptionTrigger & { secret: string } {
  return {
    armed: false,
    secret: 'no-secret-yet',
    throwIfArmed() {
      if (this.armed) throw new TypeError(`${exceptionText} ${this.secret}`);
    },
  };
}

export interface FaultPoint {
  readonly name: string;
  /** The HTTP status of the rejection; 200 if the exception has no effect. */
  readonly status: number;
  /** The handler whose requests reach the fault point. Default: `me`. */
  readonly handler?: 'me' | 'write' | 'policy';
  /** True if only requests without a token reach it. */
  readonly anonymous?: boolean;
  /** True if connections and messages do not reach it. */
  readonly requestsOnly?: boolean;
  /** Count of log lines at error level. Default: 1. */
  readonly lines?: number;
  readonly options: (options: AuthModuleOptions, trigger: ExceptionTrigger) => AuthModuleOptions;
}

type Overrides = (real: AccessTokenVerifier, trigger: ExceptionTrigger) => Partial<AccessTokenVerifier>;

/** Replaces methods of a real verifier with methods that throw. */
const verifier =
  (overrides: Overrides): FaultPoint['options'] =>
  (options, trigger) => {
    const real = createAccessTokenVerifier(options as never);
    return { ...options, verifier: { ...real, ...overrides(real, trigger) } } as AuthModuleOptions;
  };

/** The places where an exception can be thrown during authentication, in any context. */
export const faultPoints: readonly FaultPoint[] = [
  {
    name: 'verifyOptional() throws',
    status: 401,
    options: verifier((real, trigger) => ({
      findCachedRequest: () => undefined,
      verifyOptional(request) {
        trigger.throwIfArmed();
        return real.verifyOptional(request);
      },
    })),
  },
  {
    name: 'verifyOptional() rejects with a string',
    status: 401,
    options: verifier((real, trigger) => ({
      findCachedRequest: () => undefined,
      verifyOptional: (request) =>
        trigger.armed ? Promise.reject(exceptionText) : real.verifyOptional(request),
    })),
  },
  {
    name: 'verifyOptional() returns an invalid object',
    status: 401,
    options: verifier((real, trigger) => ({
      findCachedRequest: () => undefined,
      verifyOptional: (request) =>
        trigger.armed ? (Promise.resolve({ sub: 'alice' }) as never) : real.verifyOptional(request),
    })),
  },
  {
    name: 'findCachedRequest() throws',
    status: 401,
    // The cache is for requests only. Connections and messages are always verified.
    requestsOnly: true,
    options: verifier((real, trigger) => ({
      findCachedRequest(request) {
        trigger.throwIfArmed();
        return real.findCachedRequest?.(request);
      },
    })),
  },
  {
    name: 'verify() throws',
    status: 401,
    anonymous: true,
    options: verifier((real, trigger) => ({
      verify(request) {
        trigger.throwIfArmed();
        return real.verify(request);
      },
    })),
  },
  {
    name: 'verify() accepts a request without a credential',
    status: 401,
    anonymous: true,
    lines: 0,
    options: verifier((real, trigger) => ({
      verify: (request) => (trigger.armed ? (Promise.resolve({}) as never) : real.verify(request)),
    })),
  },
  {
    name: 'authorize() throws',
    status: 500,
    handler: 'write',
    options: verifier((real, trigger) => ({
      authorize(...args) {
        trigger.throwIfArmed();
        real.authorize(...args);
      },
    })),
  },
  {
    name: 'a policy throws',
    status: 500,
    handler: 'policy',
    options: (options, trigger) => {
      policyTrigger.current = trigger;
      return options;
    },
  },
  {
    name: 'the clock throws',
    status: 401,
    options: (options, trigger) => {
      const { now = Date.now } = options as { now?: () => number };
      return {
        ...options,
        now() {
          trigger.throwIfArmed();
          return now();
        },
      } as AuthModuleOptions;
    },
  },
  {
    name: 'a listener of events throws',
    status: 200,
    lines: 0,
    options: (options, trigger) =>
      ({ ...options, onEvent: () => trigger.throwIfArmed() }) as AuthModuleOptions,
  },
  {
    name: 'the fetch of keys throws',
    status: 503,
    lines: 0,
    options: (options, trigger) => {
      const { fetch } = options as { fetch: typeof globalThis.fetch };
      return {
        ...options,
        onEvent: () => {},
        fetch: ((...args: Parameters<typeof fetch>) => {
          trigger.throwIfArmed();
          return fetch(...args);
        }) as typeof fetch,
      } as AuthModuleOptions;
    },
  },
];

/** The trigger of the policy of the test handlers, which are defined before a test starts. */
const policyTrigger: { current: ExceptionTrigger | undefined } = { current: undefined };

/** The policy of the test handlers. It throws while the trigger is armed, and otherwise grants access. */
export function faultyPolicy(): boolean {
  policyTrigger.current?.throwIfArmed();
  return true;
}

/** Creates an `AuthModule` with a fault point. */
export const createFaultyModule =
  (faultPoint: FaultPoint, trigger: ExceptionTrigger) => (options: AuthModuleOptions) =>
    AuthModule.forRoot(faultPoint.options(options, trigger));

/** Records the error and warning lines of Nest's log, and expects no unhandled exception. */
export function watchLogs() {
  const lines: string[] = [];
  const warnings: string[] = [];
  const unhandled: unknown[] = [];
  const recordError = (error: unknown) => void unhandled.push(error);
  beforeEach(() => {
    lines.length = 0;
    warnings.length = 0;
    unhandled.length = 0;
    process.on('unhandledRejection', recordError).on('uncaughtException', recordError);
  });
  afterEach(async () => {
    await new Promise(setImmediate);
    process.off('unhandledRejection', recordError).off('uncaughtException', recordError);
    expect(unhandled).toEqual([]);
  });
  const ignore = () => {};
  const listen = (app: INestApplication) =>
    app.useLogger({
      error: (...parts: unknown[]) => void lines.push(parts.map(String).join('\n')),
      warn: (...parts: unknown[]) => void warnings.push(parts.map(String).join('\n')),
      log: ignore,
      debug: ignore,
      verbose: ignore,
    });
  return { lines, warnings, listen };
}
