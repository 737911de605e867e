import { ConfigurationError } from '@countersign/core/resource-server';
import type { ModulesContainer } from '@nestjs/core';
import { getAccessPolicy } from '../../access/resolve-access.ts';
import { nestMetadata } from '../../nest-metadata.ts';
import { listMethods, listModuleClasses, type ModuleClass } from '../module-classes.ts';

/**
 * Finds gateways with the option `connectionStateRecovery` of socket.io, in their own options or in those of their
 * server. Gateways whose handlers are all public may use it.
 *
 * @throws ConfigurationError `invalid_option` that names each gateway
 * @see https://socket.io/docs/v4/connection-state-recovery
 */
export function checkRecovery(modules: ModulesContainer): void {
  const names = listModuleClasses(modules)
    .filter((each) => Reflect.getMetadata(nestMetadata.gateway, each.type) === true)
    .filter((each) => hasRecovery(each) && !isPublic(each))
    .map(({ type }) => type.name);
  if (names.length === 0) return;
  throw new ConfigurationError(
    'invalid_option',
    `The option connectionStateRecovery of socket.io is set for ${names.join(', ')}. It sends missed messages before the ` +
      'access token is verified, to any user of the same client. Remove the option, and let clients request what they have ' +
      'missed in a message. A gateway may use it if all its handlers are @Public().',
  );
}

function hasRecovery({ type, instance }: ModuleClass): boolean {
  const options: unknown = Reflect.getMetadata(nestMetadata.gatewayOptions, type);
  const servers = Object.entries(instance ?? {}).flatMap(([name, value]: [string, unknown]) =>
    Reflect.hasMetadata(nestMetadata.gatewayServer, instance as object, name) ? [value] : [],
  );
  return [options, ...servers.flatMap(listServerOptions)].some(
    (each) => (each as { connectionStateRecovery?: unknown } | undefined)?.connectionStateRecovery,
  );
}

/** Lists the options of a server of socket.io, or of that of a namespace. */
function listServerOptions(value: unknown): unknown[] {
  const { opts, server } = (value ?? {}) as { opts?: unknown; server?: { opts?: unknown } };
  return [opts, server?.opts];
}

function isPublic({ type }: ModuleClass): boolean {
  const handlers = listMethods(type).filter(({ method }) =>
    Reflect.hasMetadata(nestMetadata.messageMapping, method),
  );
  return (
    handlers.length > 0 && handlers.every(({ method }) => getAccessPolicy(method, type).mode === 'public')
  );
}
