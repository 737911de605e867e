import {
  ACCESS_TOKEN_VERIFIER,
  type AccessTokenVerifier,
  Public,
  type VerifierStatistics,
} from '@countersign/nest';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

@ApiTags('health')
@Controller('health')
export class HealthController {
  readonly #verifier: AccessTokenVerifier;

  constructor(@Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier) {
    this.#verifier = verifier;
  }

  @Public()
  @Get()
  @ApiOperation({ summary: 'Whether the API is up' })
  @ApiOkResponse({ description: 'The API is up. No token is needed.' })
  health() {
    return { status: 'ok' };
  }

  /** How old the issuer's keys are, how often a token is remembered, and what is refused: nothing for everybody. */
  @Get('access-tokens')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'What the verifier has seen' })
  @ApiOkResponse({ description: 'Statistics of the access tokens since the start.' })
  accessTokens(): VerifierStatistics {
    return this.#verifier.statistics();
  }
}
