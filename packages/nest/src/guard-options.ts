import type { RpcCredentials } from './transport/rpc.ts';

/** How refusals are written and where messages carry their credential. */
export interface GuardOptions {
  /** Body of a refusal over HTTP. Default: `nest`, { statusCode, error, message }; `problem` is RFC 9457. */
  readonly errorFormat?: 'nest' | 'problem';
  /**
   * Finds the value of the `authorization` header in a microservice's message. Default: in the metadata of gRPC and
   * the headers of Kafka, NATS, RabbitMQ and MQTT; other transports have none, and so nobody is let in.
   */
  readonly rpcCredentials?: RpcCredentials;
}
