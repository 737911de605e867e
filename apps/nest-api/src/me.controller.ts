import { Policy, Principal, type VerifiedAccessToken } from '@countersign/nest';
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

@ApiTags('me')
@Controller('me')
export class MeController {
  /** Requires a valid access token, without further requirements. */
  @Get()
  @ApiOperation({ summary: 'The user of the access token' })
  @ApiOkResponse({ description: 'The verified content of the access token.' })
  me(@Principal() { issuer, kind, sub, clientId, scopes, expiresAt }: VerifiedAccessToken) {
    return {
      issuer,
      kind,
      sub,
      clientId,
      scopes,
      // The issuer may return no expiry for an opaque token.
      ...(expiresAt !== undefined && {
        expiresAt: new Date(expiresAt * 1000).toISOString(),
        secondsLeft: Math.max(0, Math.floor(expiresAt - Date.now() / 1000)),
      }),
    };
  }

  /** Requires a token that is bound to the client's key (RFC 9449). A stolen token cannot be used without that key. */
  @Policy(({ dpopThumbprint }) => dpopThumbprint !== undefined)
  @Get('key')
  @ApiOperation({ summary: 'The key of a DPoP-bound token' })
  @ApiOkResponse({
    description: 'The thumbprint of the key to which the access token is bound. Requires DPoP.',
  })
  key(@Principal('dpopThumbprint') thumbprint: string) {
    return { thumbprint };
  }
}
