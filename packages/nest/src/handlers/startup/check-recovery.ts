import { ConfigurationError } from '@countersign/core/resource-server';
import type { ModulesContainer } from '@nestjs/core';
import { getAccessPolicy, isPublicClass } from '../../access/resolve-access.ts';
import { ConnectionAuthenticator } from '../../guard/connection-authenticator.ts';
import { nestMetadata } from '../../nest-metadata.ts';
import { type Coverage, isGuardedExplicitly } from '../coverage.ts';
import { listMethods, listModuleClasses, type ModuleClass } from '../module-classes.ts';

/**
 * Finds gateways with the option `connectionStateRecovery` of socket.io, in their own options or in those of their
 * server. Gateways that are public may use it, and those whose users this package does not authenticate.
 *
 * @throws ConfigurationError `invalid_option` that names each gateway
 * @see https://socket.io/docs/v4/connection-state-recovery
 */
export function checkRecovery(modules: ModulesContainer, coverage: Coverage): void {
  const names = listModuleClasses(modules)
    .filter((each) => Reflect.getMetadata(nestMetadata.gateway, each.type) === true)
    .filter((each) => hasRecovery(each) && isAuthenticated(each, coverage) && !isPublic(each))
    .map(({ type }) => type.name);
  if (names.length === 0) return;
  throw new ConfigurationError(
    'invalid_option',
    `The option connectionStateRecovery of socket.io is set for ${names.join(', ')}. It sends missed messages before the ` +
      'access token is verified, to any user of the same client. Remove the option, and let clients request what they have ' +
      'missed in a message. A gateway may use it if all its handlers are @Public(). If it has no handler, and sends the ' +
      'same to every client, put @Public() on the class.',
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

/** Whether the guard runs for the handlers of the gateway, or the gateway authenticates its connections. */
const isAuthenticated = (each: ModuleClass, { everywhere }: Coverage): boolean =>
  everywhere ||
  usesAuthenticator(each) ||
  [each.type, ...listMessageMethods(each)].some((method) =>
    isGuardedExplicitly({ method, owner: each.type }),
  );

function usesAuthenticator({ type, instance }: ModuleClass): boolean {
  const types: readonly unknown[] = Reflect.getMetadata(nestMetadata.parameterTypes, type) ?? [];
  const injectedParameters: readonly { param?: unknown }[] =
    Reflect.getMetadata(nestMetadata.injectedParameters, type) ?? [];
  return (
    [...types, ...injectedParameters.map(({ param }) => param)].includes(ConnectionAuthenticator) ||
    Object.values(instance ?? {}).some((value) => value instanceof ConnectionAuthenticator)
  );
}

/** A gateway without handlers is public if its class is, and it does not authenticate its connections. */
function isPublic(each: ModuleClass): boolean {
  const methods = listMessageMethods(each);
  if (methods.length === 0) return isPublicClass(each.type) && !usesAuthenticator(each);
  return methods.every((method) => getAccessPolicy(method, each.type).mode === 'public');
}

const listMessageMethods = ({ type }: ModuleClass): object[] =>
  listMethods(type).flatMap(({ method }) =>
    Reflect.hasMetadata(nestMetadata.messageMapping, method) ? [method] : [],
  );
