import type { ResolvedClientOptions } from './client-options.ts';

/**
 * A client at one provider, created by `createClient()`. Pass it to the functions of this package.
 * It holds no state of a user, so one client serves all users of an application.
 */
export interface Client {
  /** The issuer identifier, as in the options. */
  readonly issuer: string;
  /** The client identifier, as in the options. */
  readonly clientId: string;
  /** The options without those that hold a secret or a key. */
  readonly options: Readonly<
    Omit<ResolvedClientOptions, 'clientAuthentication' | 'dpop' | 'requestObjectSigningKey' | 'decrypt'>
  >;
}
