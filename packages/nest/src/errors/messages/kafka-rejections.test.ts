import { HttpException, Logger } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { afterEach, expect, test, vi } from 'vitest';
import { RejectedEvent, settleRejectedMessage } from './rejected-messages.ts';

class Items {
  created() {}
}

/** The context of an event of Kafka: a message without a reply topic. */
function createEventContext() {
  const kafka = { getTopic() {}, getPartition() {}, getHeartbeat() {}, getMessage: () => ({ headers: {} }) };
  const context = new ExecutionContextHost([{}, kafka], Items, Items.prototype.created);
  context.setType('rpc');
  return context;
}

const settle = (exception: unknown) =>
  settleRejectedMessage(exception, createEventContext(), { options: {}, name: 'Items.created' });

afterEach(() => {
  vi.restoreAllMocks();
});

test('N1: Kafka delivers an event again after 503 only', async () => {
  vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const unavailable = new HttpException('unavailable', 503);
  expect(await settle(unavailable)).toBe(unavailable);
  for (const exception of [new HttpException('invalid', 401), new Error('text'), undefined])
    expect(await settle(exception)).toBeInstanceOf(RejectedEvent);
});

test('N1: a logger that throws does not change the rejection of an event', async () => {
  vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {
    throw new Error('logger');
  });
  expect(await settle(new HttpException('invalid', 401))).toBeInstanceOf(RejectedEvent);
});
