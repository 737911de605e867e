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
  /**
   * Called with the context of a microservice's message that the guard refused, before the refusal is answered. The
   * handler does not run. Use it where messages are acknowledged by hand, such as RabbitMQ with `noAck: false`: reject
   * the message here, else it stays unacknowledged and is delivered again later. Default: none.
   *
   * @example
   * onRejectedMessage: (context) => {
   *   if (context instanceof RmqContext) context.getChannelRef().nack(context.getMessage(), false, false);
   * }
   */
  readonly onRejectedMessage?: (context: unknown, refusal: RejectedMessage) => void | Promise<void>;
}

/** A message that the guard rejected. */
export interface RejectedMessage {
  /** The HTTP status of the rejection: 400, 401, 403, 500, or 503 if tokens cannot be verified at the moment. */
  readonly status: number;
}
