import type { RpcCredentials } from './transport/rpc.ts';

/** How refusals are written and where messages carry their credential. */
export interface GuardOptions {
  /** Body of a refusal over HTTP. Default: `nest`, { statusCode, error, message }. @see RFC 9457 section 3 for `problem` */
  readonly errorFormat?: 'nest' | 'problem';
  /**
   * Finds the value of the `authorization` header in a microservice's message. Default: in the metadata of gRPC, the
   * headers of Kafka, NATS, RabbitMQ and MQTT, and the metadata that clients of Nest 12 can add to messages of TCP and
   * Redis. Where there is none, nobody is let in.
   */
  readonly rpcCredentials?: RpcCredentials;
}
