import { AuthModule } from '@countersign/nest';
import { Module } from '@nestjs/common';
import { ItemsController } from './items.controller.js';

export const audience = 'https://api.example.test';

@Module({
  imports: [
    AuthModule.forRootAsync({
      useFactory: () => ({ issuer: process.env.ISSUER ?? '', audience, allowInsecureIssuer: true }),
    }),
  ],
  controllers: [ItemsController],
})
export class AppModule {}
