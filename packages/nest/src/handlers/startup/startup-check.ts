import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator.js';
import { findApplicationConfig, findCoverage } from '../coverage.ts';
import { listHandlers } from '../list-handlers.ts';
import { checkGuardOrder } from './check-guard-order.ts';
import { checkHandlers } from './check-handlers.ts';
import { checkPolicies } from './check-policies.ts';
import { checkRecovery } from './check-recovery.ts';
import { checkSharedCaches } from './check-shared-caches.ts';

/** Prevents the start of an application in which a decorator or a guard would have no effect. */
@Injectable()
export class StartupCheck implements OnApplicationBootstrap {
  readonly #modules: ModulesContainer;
  readonly #contexts: ExternalContextCreator;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(ExternalContextCreator) contexts: ExternalContextCreator,
  ) {
    this.#modules = modules;
    this.#contexts = contexts;
  }

  /** @throws ConfigurationError `unguarded_handler`, `shared_cache` or `invalid_option` */
  onApplicationBootstrap(): void {
    const config = findApplicationConfig(this.#contexts);
    const handlers = listHandlers(this.#modules, { config });
    const coverage = findCoverage(this.#modules, config);
    checkHandlers(this.#modules, { handlers, coverage });
    checkGuardOrder(handlers, { config, modules: this.#modules });
    checkPolicies(handlers, this.#modules);
    checkRecovery(this.#modules, coverage);
    checkSharedCaches(handlers, { config, modules: this.#modules });
  }
}
