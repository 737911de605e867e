import { Policy, Principal, type VerifiedAccessToken } from '@countersign/nest';
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

@ApiTags('me')
@Controller('me')
export class MeController {
  /** Any valid access token will do. */
  @Get()
  @ApiOperation({ summary: 'Who the token says you are' })
  @ApiOkResponse({ description: 'What the access token says about its bearer.' })
  me(@Principal() { issuer, kind, sub, clientId, scopes, expiresAt }: VerifiedAccessToken) {
    return {
      issuer,
      kind,
      sub,
      clientId,
      scopes,
      // An opaque token may have no end that the issuer tells.
      ...(expiresAt !== undefined && {
        expiresAt: new Date(expiresAt * 1000).toISOString(),
        secondsLeft: Math.max(0, Math.floor(expiresAt - Date.now() / 1000)),
      }),
    };
  }

  /** Only for tokens that a thief could not use: bound to the client's key, which each request proves (RFC 9449). */
  @Policy(({ dpopThumbprint }) => dpopThumbprint !== undefined)
  @Get('key')
  @ApiOperation({ summary: 'Your key: for tokens that are bound by DPoP' })
  @ApiOkResponse({ description: 'The thumbprint of the key that the access token is bound to. Needs DPoP.' })
  key(@Principal('dpopThumbprint') thumbprint: string) {
    return { thumbprint };
  }
}
