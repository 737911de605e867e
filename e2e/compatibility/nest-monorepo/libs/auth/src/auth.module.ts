import { AuthModule as CountersignModule } from '@countersign/nest';
import { Module } from '@nestjs/common';
import { AccountController } from './account.controller.js';

@Module({
  imports: [
    CountersignModule.forRootAsync({
      useFactory: () => ({
        issuer: process.env.ISSUER ?? '',
        audience: process.env.AUDIENCE ?? '',
        allowInsecureIssuer: true,
      }),
    }),
  ],
  controllers: [AccountController],
})
export class AuthModule {}
