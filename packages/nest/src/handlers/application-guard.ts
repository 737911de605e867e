import { AccessTokenError, type TransportError } from '@countersign/core/resource-server';
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  type ExecutionContext,
  Inject,
  Injectable,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { AccessTokenException } from '../errors/access-token.exception.ts';
import { AccessTokenErrorFilter } from '../errors/access-token-error.filter.ts';
import { RejectedEvent } from '../errors/messages/rejected-messages.ts';
import { Outage } from '../errors/outage.ts';
import type { GuardOptions } from '../guard-options.ts';

/** The guard and the options that one `AuthModule` applies to every handler of its application. */
export class ApplicationAuth {
  readonly guard: CanActivate;
  readonly options: GuardOptions;

  constructor(guard: CanActivate, options: GuardOptions) {
    this.guard = guard;
    this.options = options;
  }
}

/** Finds every `ApplicationAuth` of an application. Nest has one `ModulesContainer` for each application. */
function findApplicationAuth(modules: ModulesContainer): ApplicationAuth[] {
  return [...modules.values()].flatMap(({ providers }) =>
    [...providers.values()].flatMap(({ instance }) =>
      instance instanceof ApplicationAuth ? [instance] : [],
    ),
  );
}

/**
 * The guard in the metadata of a class that handles messages. Several applications of a process can share the class, so
 * its metadata contains this class, and Nest uses the instance in the module of the application. The instance runs the
 * guards of its application. An application without a global guard has none.
 */
@Injectable()
export class ApplicationGuard implements CanActivate {
  readonly #modules: ModulesContainer;
  #guards: readonly CanActivate[] | undefined;

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    this.#modules = modules;
  }

  canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
    this.#guards ??= findApplicationAuth(this.#modules).map(({ guard }) => guard);
    const [guard] = this.#guards;
    return this.#guards.length === 1 && guard ? guard.canActivate(context) : runGuards(this.#guards, context);
  }
}

async function runGuards(guards: readonly CanActivate[], context: ExecutionContext): Promise<boolean> {
  for (const guard of guards) if ((await guard.canActivate(context)) !== true) return false;
  return true;
}

/**
 * The exception filter in the metadata of a class that handles messages. It responds to the same exceptions as
 * `AccessTokenErrorFilter`, and uses the options of its application.
 */
@Catch(AccessTokenError, Outage, RejectedEvent)
export class ApplicationErrorFilter {
  readonly #modules: ModulesContainer;

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    this.#modules = modules;
  }

  catch(
    error: AccessTokenError | (AccessTokenException & TransportError) | RejectedEvent,
    host: ArgumentsHost,
  ): unknown {
    const options = findApplicationAuth(this.#modules)[0]?.options ?? {};
    return new AccessTokenErrorFilter(options).catch(error, host);
  }
}
