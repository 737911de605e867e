import {
  RequestMethod,
  type Type,
  VERSION_NEUTRAL,
  type VersioningOptions,
  VersioningType,
} from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
import { nestMetadata } from '../nest-metadata.ts';
import type { ModuleClass } from './module-classes.ts';

type VersionOption = VersioningOptions['defaultVersion'];

/** The paths and versions that a class or a method declares. */
interface RouteMetadata {
  readonly paths: readonly string[];
  readonly version: VersionOption;
}

function readRouteMetadata(target: object): RouteMetadata | undefined {
  const path = Reflect.getMetadata(nestMetadata.routePath, target) as string | string[] | undefined;
  if (path === undefined) return undefined;
  return { paths: [path].flat(), version: Reflect.getMetadata(nestMetadata.version, target) };
}

/**
 * Lists the routes of a method: `GET /api/v1/items/:id`. Empty for a method without a route.
 *
 * @param config contains prefix and versions; without it, routes have neither
 */
export function listRoutes(
  method: object,
  { type, module }: Pick<ModuleClass, 'type' | 'module'>,
  { config, modules }: { readonly config: ApplicationConfig | undefined; readonly modules: ModulesContainer },
): string[] {
  const route = readRouteMetadata(method);
  const controller = readRouteMetadata(type);
  if (!route || !controller) return [];
  const requestMethod = Reflect.getMetadata(nestMetadata.routeMethod, method) as RequestMethod;
  const versioning = config?.getVersioning();
  const controllerVersion = versioning && (controller.version ?? versioning.defaultVersion);
  const prefix = config?.getGlobalPrefix();
  const factory = new RoutePathFactory(config as ApplicationConfig);
  const details = formatDetails(type, versioning, route.version ?? controllerVersion);
  return controller.paths.flatMap((ctrlPath) =>
    route.paths.flatMap((methodPath) =>
      factory
        .create(
          {
            ctrlPath: addSlash(ctrlPath),
            methodPath: addSlash(methodPath),
            modulePath: readModulePath(module.metatype, modules),
            ...(config && prefix && { globalPrefix: addSlash(prefix) }),
            ...(controllerVersion !== undefined && { controllerVersion }),
            ...(route.version !== undefined && { methodVersion: route.version }),
            ...(versioning && { versioningOptions: versioning }),
          } as Parameters<RoutePathFactory['create']>[0],
          requestMethod,
        )
        .map((path) => `${RequestMethod[requestMethod]} ${path}${details}`),
    ),
  );
}

const addSlash = (path: string): string => (path.startsWith('/') ? path : `/${path}`);

function readModulePath(module: Type, modules: ModulesContainer): string | undefined {
  return (
    Reflect.getMetadata(nestMetadata.modulePath + modules.applicationId, module) ??
    Reflect.getMetadata(nestMetadata.modulePath, module)
  );
}

/** Formats the conditions of a route besides method and path: its host, and versions that are not part of the path. */
function formatDetails(
  type: Type,
  versioning: VersioningOptions | undefined,
  version: VersionOption,
): string {
  const hosts = [Reflect.getMetadata(nestMetadata.host, type) ?? []].flat().map(String);
  const isOutsidePath = versioning !== undefined && versioning.type !== VersioningType.URI;
  const versions = isOutsidePath && version !== undefined ? [version].flat() : [];
  return [
    ...(hosts.length > 0 ? [` (host ${hosts.join(', ')})`] : []),
    ...(versions.length > 0
      ? [
          ` (version ${versions.map((each) => (each === VERSION_NEUTRAL ? 'neutral' : String(each))).join(', ')})`,
        ]
      : []),
  ].join('');
}
