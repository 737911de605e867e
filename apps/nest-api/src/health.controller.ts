import { Public } from '@countersign/nest';
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';

@ApiTags('health')
@Controller('health')
export class HealthController {
  @Public()
  @Get()
  @ApiOkResponse({ description: 'The API is up. No token is needed.' })
  health() {
    return { status: 'ok' };
  }
}
