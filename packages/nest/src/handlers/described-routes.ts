import type { ModulesContainer } from '@nestjs/core';
import { getAccessPolicy } from '../access/resolve-access.ts';
import { describeRoutes } from '../http/openapi.ts';
import { listMethods, listModuleClasses } from './module-classes.ts';

/** The descriptions of routes without a guard of this package for all handlers. */
export const DESCRIBED_ROUTES = Symbol('countersign.describedRoutes');

/**
 * Describes the routes with access decorators for the OpenAPI document. An application does not start if no guard enforces
 * the decorators. The guards of other routes are not known.
 */
export function describeDeclaredRoutes(modules: ModulesContainer): true {
  for (const { type, isController } of listModuleClasses(modules)) {
    if (!isController) continue;
    describeRoutes(
      type,
      listMethods(type).filter(({ method }) => getAccessPolicy(method, type).isExplicit),
    );
  }
  return true;
}
