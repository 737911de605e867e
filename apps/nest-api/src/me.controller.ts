import { Principal, type VerifiedAccessToken } from '@countersign/nest';
import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';

@ApiTags('me')
@ApiBearerAuth()
@Controller('me')
export class MeController {
  /** Any valid access token will do. */
  @Get()
  @ApiOkResponse({ description: 'What the access token says about its bearer.' })
  me(@Principal() { issuer, sub, clientId, scopes, expiresAt }: VerifiedAccessToken) {
    return {
      issuer,
      sub,
      clientId,
      scopes,
      expiresAt: new Date(expiresAt * 1000).toISOString(),
      secondsLeft: Math.max(0, Math.floor(expiresAt - Date.now() / 1000)),
    };
  }
}
