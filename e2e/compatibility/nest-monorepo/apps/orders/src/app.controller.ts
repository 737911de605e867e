import { Public, RequireScopes } from '@countersign/nest';
import { Controller, Get } from '@nestjs/common';
import { AppService } from './app.service.js';

@Controller()
export class AppController {
  constructor(private readonly appService: AppService) {}

  @Public()
  @Get()
  getHello(): string {
    return this.appService.getHello();
  }

  @RequireScopes('orders:read')
  @Get('list')
  list() {
    return { application: 'orders' };
  }
}
