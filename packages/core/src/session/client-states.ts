import type { Client } from '../client/client.ts';
import { type ClientContext, getClientContext } from '../client/client-context.ts';
import { ConfigurationError } from '../errors.ts';

/** What the clients of one application have fetched from the provider. The oldest one is first. */
export type ClientStates = ClientStateEntry[];

interface ClientStateEntry {
  /** The options that select what is fetched. */
  readonly selection: string;
  /** The functions of the first client. */
  readonly functions: Pick<ClientContext['options'], 'fetch' | 'now'>;
  /** The resolvers whose hosts use this state. */
  readonly resolvers: WeakSet<object>;
  readonly state: ClientContext['state'];
}

/** Maximum count of states of one application. */
const maxClientStates = 20;

/**
 * Finds or creates the state of a client, so that a new host sends no request. Hosts of one resolver share a state
 * even if their options contain different functions: a function of the options may create a `fetch` for each host. Clients of
 * different resolvers (for example of the tests of an application) share it only if they have the same functions.
 *
 * @param resolver the function of the options; undefined if the options are an object
 * @throws ConfigurationError `invalid_option` if the hosts of one resolver would need more than 20 states
 */
export function findClientState(
  states: ClientStates,
  client: Client,
  resolver: object | undefined,
): ClientContext['state'] {
  const { options, metadata } = getClientContext(client);
  const { fetch, now, discovery = 'openid', metadataUrl = '', allowInsecureIssuer = false } = options;
  // Of static metadata, only the address of the keys selects what is fetched. DPoP keys select nothing.
  const selection = JSON.stringify(
    metadata ? [metadata.jwks_uri ?? null] : [metadataUrl || discovery, allowInsecureIssuer],
  );
  const isOfResolver = ({ resolvers }: ClientStateEntry) => resolver !== undefined && resolvers.has(resolver);
  const knownState = states.find(
    (entry) =>
      entry.selection === selection &&
      (isOfResolver(entry) || (entry.functions.fetch === fetch && entry.functions.now === now)),
  );
  if (!knownState && states.length >= maxClientStates) removeOldest(states, isOfResolver);
  const entry = knownState ?? { selection, functions: { fetch, now }, resolvers: new WeakSet(), state: {} };
  if (resolver) entry.resolvers.add(resolver);
  if (!knownState) states.push(entry);
  return entry.state;
}

/** Never removes a state of the same resolver: each invented host could cause requests for a new one. */
function removeOldest(states: ClientStates, isOfResolver: (entry: ClientStateEntry) => boolean): void {
  const index = states.findIndex((entry) => !isOfResolver(entry));
  if (index < 0)
    throw new ConfigurationError(
      'invalid_option',
      `The function of the options returned more than ${maxClientStates} different values of "metadata.jwks_uri" or "metadataUrl" for one issuer, client ID and secret. Return the same address for all hosts.`,
    );
  states.splice(index, 1);
}
