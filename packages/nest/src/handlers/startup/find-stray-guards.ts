import { AccessTokenGuard } from '../../guard/access-token.guard.ts';
import { readGuards } from '../coverage.ts';
import { hasHandlers, isHandler } from '../list-handlers.ts';
import { listMethods, type ModuleClass } from '../module-classes.ts';

/**
 * Finds guards of this package on methods that Nest calls without guards, such as jobs and listeners of events, and on
 * providers that have only such methods. A guard that extends `canActivate()` may decide about other contexts.
 */
export function findStrayGuards(classes: readonly ModuleClass[]): string[] {
  return classes.flatMap(({ type, isController }) => [
    ...listMethods(type)
      .filter(({ method }) => !isHandler(method, type) && hasGuard(method))
      .map(({ name }) => createMessage(`${type.name}.${name}`)),
    ...(!isController && !hasHandlers(type) && hasGuard(type) ? [createMessage(type.name)] : []),
  ]);
}

const hasGuard = (target: object): boolean =>
  readGuards(target).some((guard) => {
    const prototype: unknown = typeof guard === 'function' ? guard.prototype : guard;
    return (prototype as AccessTokenGuard).canActivate === AccessTokenGuard.prototype.canActivate;
  });

const createMessage = (name: string): string =>
  `${name} has @UseGuards(AccessTokenGuard), but no guard runs for it: it is not a handler of a request, an operation or ` +
  'a message. Remove the guard, and put it on the handler from which the method is called.';
