import type { AccessTokenVerifier } from '@countersign/core/api';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { accessPolicyOf } from './access-policy.ts';
import type { ResponseOptions } from './auth-options.ts';
import { keepAuthenticated } from './authenticated.ts';
import { refuse } from './refusal-response.ts';
import { ACCESS_TOKEN_VERIFIER, RESPONSE_OPTIONS } from './tokens.ts';
import { transportOf } from './transport.ts';

/** Lets a handler run only with an access token that it accepts. `AuthModule` applies it to the whole application. */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  readonly #verifier: AccessTokenVerifier;
  readonly #options: ResponseOptions;

  constructor(
    @Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier,
    @Inject(RESPONSE_OPTIONS) options: ResponseOptions,
  ) {
    this.#verifier = verifier;
    this.#options = options;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const policy = accessPolicyOf(context.getHandler(), context.getClass());
    if (policy.mode === 'public') return true;
    const transport = transportOf(context);
    // A context that is not known has no credential to look at, so it is denied, never waved through.
    if (!transport) return false;
    try {
      const request = transport.request();
      const authenticated =
        policy.mode === 'optional'
          ? await this.#verifier.verifyOptional(request)
          : await this.#verifier.verify(request);
      if (!authenticated) return true;
      if (policy.demanding) this.#verifier.authorize(authenticated, policy.requirements);
      keepAuthenticated(transport.carrier, authenticated);
      for (const [name, value] of Object.entries(authenticated.headers ?? {}))
        transport.setHeader?.(name, value);
      return true;
    } catch (error) {
      throw refuse(error, transport, this.#options);
    }
  }
}
