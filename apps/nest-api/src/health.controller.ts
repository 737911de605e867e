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
  @ApiOperation({ summary: 'Health of the API' })
  @ApiOkResponse({ description: 'The API is running. No token is required.' })
  health() {
    return { status: 'ok' };
  }

  /** Returns the age of the keys, the cache hit ratio and the rejections. Not public. */
  @Get('access-tokens')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Statistics of the verifier' })
  @ApiOkResponse({ description: 'Counts of accepted and rejected tokens since the start.' })
  accessTokens(): VerifierStatistics {
    return this.#verifier.statistics();
  }
}
