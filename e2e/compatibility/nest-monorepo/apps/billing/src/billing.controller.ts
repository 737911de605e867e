import { Public, RequireScopes } from '@countersign/nest';
import { Controller, Get } from '@nestjs/common';
import { BillingService } from './billing.service.js';

@Controller()
export class BillingController {
  constructor(private readonly billingService: BillingService) {}

  @Public()
  @Get()
  getHello(): string {
    return this.billingService.getHello();
  }

  @RequireScopes('billing:read')
  @Get('list')
  list() {
    return { application: 'billing' };
  }
}
