import { getSeconds } from '../clock.ts';
import type { FlavourContext } from '../flavours/flavour.ts';
import type { Grant, ServerState } from '../state.ts';

/** Creates what a flavour uses to change the tokens and responses of a grant. */
export function createFlavourContext(
  state: ServerState,
  grant: Grant,
  details: { readonly scope: string; readonly grantType: string },
): FlavourContext {
  return {
    issuer: state.issuer,
    grant,
    client: state.clients.get(grant.clientId),
    user: state.users.get(grant.sub ?? ''),
    scopes: details.scope.split(' ').filter(Boolean),
    now: getSeconds(state.clock),
    grantType: details.grantType,
  };
}

/** Returns the issuer of the tokens of a user. */
export const getTokenIssuer = ({ flavour, issuer, users }: ServerState, sub: string | undefined): string =>
  flavour.tokenIssuer?.(issuer, users.get(sub ?? '')) ?? issuer;
