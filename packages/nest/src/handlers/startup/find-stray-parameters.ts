import { listPrototypes } from '../../access/decorator-metadata.ts';
import { principalDecorators } from '../../decorators/principal.decorators.ts';
import { backgroundMetadata, nestMetadata } from '../../nest-metadata.ts';
import { hasHandlers, isHandler } from '../list-handlers.ts';
import { type ClassMethod, listMethods, type ModuleClass } from '../module-classes.ts';

/** The methods of a gateway that Nest calls for the connection, and not for a message. */
const connectionHooks: readonly string[] = ['handleConnection', 'handleDisconnect', 'afterInit'];

/**
 * Finds `@Principal()` and similar decorators on parameters of methods that Nest calls without a request. Such a
 * parameter receives what the caller passes at its position, for example the payload of an event, which the method would
 * use as the user.
 */
export function findStrayParameters(classes: readonly ModuleClass[]): string[] {
  return classes.flatMap(({ type, isController }) =>
    listMethods(type).flatMap((each) => {
      if ((isController || hasHandlers(type)) && isUnused(type, each)) return [];
      const decorator = findDecorator(type, each);
      const problem = decorator && findProblem(type, each);
      return problem ? [`${type.name}.${each.name} has a parameter with ${decorator}, but ${problem}`] : [];
    }),
  );
}

/** Whether a controller, resolver or gateway inherits the method and does not use it, for example from a base class with all routes. */
const isUnused = (type: ModuleClass['type'], { name, method }: ClassMethod): boolean =>
  !Object.hasOwn(type.prototype as object, name) &&
  !isHandler(method, type) &&
  !isBackgroundMethod(method) &&
  !isConnectionHook(type, name);

const isBackgroundMethod = (method: object): boolean =>
  backgroundMetadata.some((key) => Reflect.hasMetadata(key, method));

const isConnectionHook = (type: object, name: string): boolean =>
  Reflect.getMetadata(nestMetadata.gateway, type) === true && connectionHooks.includes(name);

function findProblem(type: object, { name, method }: ClassMethod): string | undefined {
  if (isHandler(method, type))
    return isBackgroundMethod(method)
      ? 'it is also a job or a listener of events, for which Nest does not set the parameter. Use a separate method for the ' +
          'job or the event, and pass the user as data.'
      : undefined;
  const remedy = isConnectionHook(type, name)
    ? 'Call authenticate() of ConnectionAuthenticator in handleConnection(): it returns the user.'
    : 'Pass the user as an argument or as data, for example the "sub", from the handler that calls the method or sends the ' +
      'event, command or job.';
  return (
    'Nest does not set it: the method is not a handler of a request, an operation or a message. ' +
    `${remedy}`
  );
}

/** Finds the first decorator of this package in the class that defines the method. An override has its own parameters. */
function findDecorator(type: object, { name }: ClassMethod): string | undefined {
  const prototype = listPrototypes(type).find((each) => Object.hasOwn(each, name));
  const parameters = (prototype &&
    Reflect.getOwnMetadata(nestMetadata.parameters, prototype.constructor, name)) as
    | Readonly<Record<string, { readonly factory?: unknown }>>
    | undefined;
  return Object.values(parameters ?? {})
    .map(({ factory }) => principalDecorators.get(factory))
    .find((decorator) => decorator !== undefined);
}
