import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import type { INestApplication } from '@nestjs/common';
import { afterEach, beforeEach, expect } from 'vitest';
import { type AccessTokenVerifier, AuthModule, type AuthModuleOptions } from '../../src/index.ts';

/** A place in which an exception is thrown on demand. */
export interface Trap {
  armed: boolean;
  /** Throws while it is armed. */
  spring(): void;
}

/** What exceptions say; it must not reach a client. */
export const innerText = 'inner-text-of-the-exception';

/** A trap whose exception quotes a secret. */
export function createTrap(): Trap & { secret: string } {
  return {
    armed: false,
    secret: 'no-secret-yet',
    spring() {
      if (this.armed) throw new TypeError(`${innerText} ${this.secret}`);
    },
  };
}

export interface Seam {
  readonly name: string;
  /** Status of the refusal in the words of HTTP; 200 where what is thrown changes nothing. */
  readonly status: number;
  /** The handler that passes the seam. Default: `me`. */
  readonly handler?: 'me' | 'write' | 'policy';
  /** True where it is passed only by requests that bring no token. */
  readonly anonymous?: boolean;
  /** True where connections and messages do not pass it. */
  readonly requestsOnly?: boolean;
  /** Lines at error level. Default: 1. */
  readonly lines?: number;
  readonly options: (options: AuthModuleOptions, trap: Trap) => AuthModuleOptions;
}

type Overrides = (real: AccessTokenVerifier, trap: Trap) => Partial<AccessTokenVerifier>;

/** A real verifier with methods that spring the trap. */
const verifier =
  (overrides: Overrides): Seam['options'] =>
  (options, trap) => {
    const real = createAccessTokenVerifier(options as never);
    return { ...options, verifier: { ...real, ...overrides(real, trap) } } as AuthModuleOptions;
  };

/** Every place in which something can be thrown while a credential is looked at, whatever the context. */
export const seams: readonly Seam[] = [
  {
    name: 'verifyOptional() throws',
    status: 401,
    options: verifier((real, trap) => ({
      findCachedRequest: () => undefined,
      verifyOptional(request) {
        trap.spring();
        return real.verifyOptional(request);
      },
    })),
  },
  {
    name: 'verifyOptional() rejects with what is no error',
    status: 401,
    options: verifier((real, trap) => ({
      findCachedRequest: () => undefined,
      verifyOptional: (request) => (trap.armed ? Promise.reject(innerText) : real.verifyOptional(request)),
    })),
  },
  {
    name: 'verifyOptional() returns what is no authenticated request',
    status: 401,
    options: verifier((real, trap) => ({
      findCachedRequest: () => undefined,
      verifyOptional: (request) =>
        trap.armed ? (Promise.resolve({ sub: 'alice' }) as never) : real.verifyOptional(request),
    })),
  },
  {
    name: 'findCachedRequest() throws',
    status: 401,
    // Recalling is for requests only: a connection and a message are verified in full.
    requestsOnly: true,
    options: verifier((real, trap) => ({
      findCachedRequest(request) {
        trap.spring();
        return real.findCachedRequest?.(request);
      },
    })),
  },
  {
    name: 'verify() throws',
    status: 401,
    anonymous: true,
    options: verifier((real, trap) => ({
      verify(request) {
        trap.spring();
        return real.verify(request);
      },
    })),
  },
  {
    name: 'verify() accepts a request without a credential',
    status: 401,
    anonymous: true,
    lines: 0,
    options: verifier((real, trap) => ({
      verify: (request) => (trap.armed ? (Promise.resolve({}) as never) : real.verify(request)),
    })),
  },
  {
    name: 'authorize() throws',
    status: 500,
    handler: 'write',
    options: verifier((real, trap) => ({
      authorize(...args) {
        trap.spring();
        real.authorize(...args);
      },
    })),
  },
  {
    name: 'a policy throws',
    status: 500,
    handler: 'policy',
    options: (options, trap) => {
      policyTrap.current = trap;
      return options;
    },
  },
  {
    name: 'the clock throws',
    status: 401,
    options: (options, trap) => {
      const { now = Date.now } = options as { now?: () => number };
      return {
        ...options,
        now() {
          trap.spring();
          return now();
        },
      } as AuthModuleOptions;
    },
  },
  {
    name: 'a listener of events throws',
    status: 200,
    lines: 0,
    options: (options, trap) => ({ ...options, onEvent: () => trap.spring() }) as AuthModuleOptions,
  },
  {
    name: 'the fetch of keys throws',
    status: 503,
    lines: 0,
    options: (options, trap) => {
      const { fetch } = options as { fetch: typeof globalThis.fetch };
      return {
        ...options,
        onEvent: () => {},
        fetch: ((...args: Parameters<typeof fetch>) => {
          trap.spring();
          return fetch(...args);
        }) as typeof fetch,
      } as AuthModuleOptions;
    },
  },
];

/** Policies stand on handlers, and so their trap is found here. */
export const policyTrap: { current: Trap | undefined } = { current: undefined };

/** Starts `AuthModule` with a seam. */
export const moduleWith = (seam: Seam, trap: Trap) => (options: AuthModuleOptions) =>
  AuthModule.forRoot(seam.options(options, trap));

/** Lines of Nest's log at error level and at warning level, and what would have ended the process. */
export function watch() {
  const lines: string[] = [];
  const warnings: string[] = [];
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  beforeEach(() => {
    lines.length = 0;
    warnings.length = 0;
    unhandled.length = 0;
    process.on('unhandledRejection', note).on('uncaughtException', note);
  });
  afterEach(async () => {
    await new Promise(setImmediate);
    process.off('unhandledRejection', note).off('uncaughtException', note);
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
