import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type GuardName, type GuardSettings, guards } from './guards.ts';

export interface ServerSettings extends GuardSettings {
  readonly platform: 'fastify' | 'express';
  readonly guard: GuardName;
}

const settings = JSON.parse(process.argv[2] as string) as ServerSettings;

// Type stripping does not support decorators, so this file calls them as functions.
class ItemsController {
  list() {
    return { items: ['one', 'two', 'three'] };
  }
}
Controller('items')(ItemsController);
Get()(ItemsController.prototype, 'list', describe(ItemsController.prototype, 'list'));

class AppModule {}
Module({ controllers: [ItemsController], ...guards[settings.guard](settings) })(AppModule);

const adapter =
  settings.platform === 'fastify'
    ? new (await import('@nestjs/platform-fastify')).FastifyAdapter()
    : new (await import('@nestjs/platform-express')).ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
await app.listen(0, '127.0.0.1');

function describe(target: object, name: string): PropertyDescriptor {
  return Object.getOwnPropertyDescriptor(target, name) as PropertyDescriptor;
}
