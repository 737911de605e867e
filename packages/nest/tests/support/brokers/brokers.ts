import { setTimeout as delay } from 'node:timers/promises';
import { headers as natsHeaders } from '@nats-io/transport-node';
import type { INestApplication } from '@nestjs/common';
import {
  type ClientKafka,
  type ClientOptions,
  type ClientProxy,
  type MicroserviceOptions,
  MqttRecordBuilder,
  NatsRecordBuilder,
  RmqRecordBuilder,
  Transport,
} from '@nestjs/microservices';
import { findKafka } from '../../../../../scripts/lib/programs/kafka.ts';
import {
  findProgram,
  mosquitto,
  nats,
  rabbitmq,
  redis,
  type SystemProgram,
} from '../../../../../scripts/lib/programs/system-packages.ts';
import { type Program, startProgram } from '../start/start-program.ts';
import { startKafka } from './start-kafka.ts';
import { startRabbitMq } from './start-rabbitmq.ts';

export interface Broker {
  readonly title: string;
  /** Starts the broker on a free port. */
  readonly start: () => Promise<Program>;
  readonly options: (port: number) => MicroserviceOptions & ClientOptions;
  /** Prepares a client before it connects. */
  readonly prepare?: (client: ClientProxy) => void;
  /** Builds a message with a credential. Default: in the metadata of Nest's packet. */
  readonly message?: (authorization: string | undefined, data: unknown) => unknown;
  /** Waits until the broker has confirmed the messages of the application. */
  readonly settle?: (app: INestApplication) => Promise<void>;
}

const host = '127.0.0.1';

/** The messages that the test controllers handle. */
const messages = ['me', 'write', 'policy', 'open'];
const events = ['happened'];

const createHeaders = (authorization: string | undefined) =>
  authorization === undefined ? {} : { authorization };

const redisBroker: Broker = {
  title: 'Redis',
  // Redis is required. The other brokers are used if they are installed.
  start: () =>
    startProgram(findProgram(redis) ?? 'redis-server', (port) => [
      ...['--port', String(port), '--bind', host],
      ...['--save', '', '--appendonly', 'no'],
    ]),
  options: (port) => ({ transport: Transport.REDIS, options: { host, port } }),
};

const natsBroker = (command: string): Broker => ({
  title: 'NATS',
  start: () => startProgram(command, (port) => ['--addr', host, '--port', String(port)]),
  options: (port) => ({ transport: Transport.NATS, options: { servers: [`nats://${host}:${port}`] } }),
  message(authorization, data) {
    const headers = natsHeaders();
    if (authorization !== undefined) headers.set('authorization', authorization);
    return new NatsRecordBuilder(data).setHeaders(headers).build();
  },
});

const mqttBroker = (command: string): Broker => ({
  title: 'MQTT',
  start: () => startProgram(command, (port) => ['-p', String(port)]),
  options: (port) => ({
    transport: Transport.MQTT,
    options: { url: `mqtt://${host}:${port}`, protocolVersion: 5 },
  }),
  message: (authorization, data) =>
    new MqttRecordBuilder(data)
      .setProperties(authorization === undefined ? {} : { userProperties: { authorization } })
      .build(),
});

const rabbitMqBroker = (command: string): Broker => ({
  title: 'RabbitMQ',
  start: () => startRabbitMq(command),
  options: (port) => ({
    transport: Transport.RMQ,
    options: { urls: [`amqp://${host}:${port}`], queue: 'items', queueOptions: { durable: false } },
  }),
  message: (authorization, data) =>
    new RmqRecordBuilder(data).setOptions({ headers: createHeaders(authorization) }).build(),
  // Nest does not handle the rejection of a reply that is unconfirmed when its channel closes.
  async settle(app) {
    for (const service of app.getMicroservices()) {
      const { _channels: channels } = service.unwrap<{
        readonly _channels: readonly { readonly _unconfirmedMessages: readonly unknown[] }[];
      }>();
      while (channels.some((channel) => channel._unconfirmedMessages.length > 0)) await delay(5);
    }
  },
});

const kafkaBroker = (kafka: NonNullable<ReturnType<typeof findKafka>>): Broker => ({
  title: 'Kafka',
  start: () => startKafka(kafka, [...messages, ...messages.map((name) => `${name}.reply`), ...events]),
  options: (port) => ({
    transport: Transport.KAFKA,
    options: {
      client: { brokers: [`${host}:${port}`] },
      // A consumer stops after the response to its last request.
      consumer: { groupId: 'items', maxWaitTimeInMs: 50 },
      subscribe: { fromBeginning: true },
    },
  }),
  prepare(client) {
    for (const name of messages) (client as ClientKafka).subscribeToResponseOf(name);
  },
  message: (authorization, data) => ({ headers: createHeaders(authorization), value: data }),
});

const createIfFound = <T>(found: T | undefined, create: (found: T) => Broker): readonly Broker[] =>
  found === undefined ? [] : [create(found)];

const program = (each: SystemProgram, create: (command: string) => Broker) =>
  createIfFound(findProgram(each), create);

/** The installed brokers. The step `programs` of the tests reports the missing ones. */
export const brokers: readonly Broker[] = [
  redisBroker,
  ...program(nats, natsBroker),
  ...program(mosquitto, mqttBroker),
  ...program(rabbitmq, rabbitMqBroker),
  ...createIfFound(findKafka(), kafkaBroker),
];
