import type { FlavourName, TestAuthorizationServerOptions } from '@countersign/testing';
import type { ClientOptions } from '../../src/index.ts';
import type { ProviderPreset } from '../../src/providers/index.ts';
import type { CapabilityName } from './capabilities.ts';

/** The options of a login that differ from those of the other rows. */
export type LoginOptions = Pick<ClientOptions, 'scope' | 'resource' | 'authorizationParameters'>;

/** A provider in the matrix: its preset, the flavour of the test server, and the result of each capability. */
export interface ProviderRow {
  /** The name of the preset, and of the page in `docs/providers`. */
  readonly name: string;
  /** The name of the provider for readers. */
  readonly title: string;
  readonly flavour: FlavourName;
  /** Creates the preset from the issuer of the test server. */
  readonly createPreset: (issuer: string) => ProviderPreset;
  /** The example of the preset in the documents. */
  readonly example: ProviderPreset;
  /** The client at the provider. Default: `web`, with the secret `web-secret`. */
  readonly client?: { readonly clientId: string; readonly clientSecret: string };
  /** Options of the test server. Those of a cell replace them. Default: none. */
  readonly server?: TestAuthorizationServerOptions;
  /** The `iss` of the user's tokens. Default: the issuer of the client. */
  readonly userIssuer?: string;
  readonly cells: ProviderCells;
}

/** A preset without a row. */
export interface OtherPreset extends Pick<ProviderRow, 'title' | 'example'> {
  /** Why the preset has no row. */
  readonly reason: string;
}

/** Options of a cell. They are in the document. */
export interface CellOptions {
  /** Options of the client. Default: those of each row. */
  readonly options?: LoginOptions;
  /** Options of the test server, for a setting at the provider. Default: none. */
  readonly server?: TestAuthorizationServerOptions;
  /** The setting at the provider that the cell needs. Default: none. */
  readonly setting?: string;
}

/** The test of a capability, or the reason why the provider does not have it. */
export type Cell<Expected = object> = string | (CellOptions & Expected);

export interface ProviderCells extends Readonly<Record<CapabilityName, Cell>> {
  /** `sent`: authorization parameters beside those of each login. `null`: the parameter is not sent. */
  readonly login: Cell<{ readonly sent: Readonly<Record<string, string | null>> }>;
  /** `url`: the origin and path of the logout. */
  readonly logout: Cell<{ readonly url: string }>;
  /** `sub`: the user of an OAuth 2 login. Default: the user of the ID token. */
  readonly userinfo: Cell<{ readonly sub?: string }>;
  readonly apiToken: Cell<ExpectedApiToken>;
  readonly severalResources: Cell<{ readonly audiences: readonly [string, string] }>;
}

/** What an API reads from an access token. */
export interface ExpectedApiToken {
  readonly audience: string;
  /** Whether the API introspects the token. Default: it verifies a JWT. */
  readonly isIntrospected?: boolean;
  /** Members of the verified token, besides `sub`. */
  readonly token: { readonly scopes?: readonly string[]; readonly roles?: readonly string[] };
}

/** Returns whether a cell has a test. */
export const isTested = <Expected>(cell: Cell<Expected>): cell is CellOptions & Expected =>
  typeof cell !== 'string';
