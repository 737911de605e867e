import { Principal, RequireScopes } from '@countersign/nest';
import { Controller, Get } from '@nestjs/common';

/** A controller of the library, which every application of the repository serves. */
@Controller('account')
export class AccountController {
  @Get()
  account(@Principal('sub') sub: string) {
    return { sub };
  }

  @RequireScopes('account:write')
  @Get('settings')
  settings(@Principal('sub') sub: string) {
    return { sub };
  }
}
