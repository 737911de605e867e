import { AccessTokenError } from '@countersign/core/api';
import { type ArgumentsHost, Catch, Inject } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { ResponseOptions } from './auth-options.ts';
import { refuse } from './refusal-response.ts';
import { RESPONSE_OPTIONS } from './tokens.ts';
import { transportOf } from './transport.ts';

/** Answers a refusal that a handler or service throws itself, with its status and challenge. */
@Catch(AccessTokenError)
export class AccessTokenErrorFilter extends BaseExceptionFilter {
  readonly #options: ResponseOptions;

  constructor(@Inject(RESPONSE_OPTIONS) options: ResponseOptions) {
    super();
    this.#options = options;
  }

  override catch(error: AccessTokenError, host: ArgumentsHost): void {
    super.catch(refuse(error, transportOf(host), this.#options), host);
  }
}
