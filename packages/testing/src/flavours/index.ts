import { auth0 } from './enterprise/auth0.ts';
import type { Flavour } from './flavour.ts';
import type { FlavourName } from './flavour-name.ts';
import { standard } from './standard.ts';

const flavours: Readonly<Record<FlavourName, Flavour>> = {
  standard,
  auth0,
} as Record<FlavourName, Flavour>;

/** Finds the flavour of a name. */
export const findFlavour = (name: FlavourName): Flavour => flavours[name];
