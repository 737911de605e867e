import { ConfigurationError } from '@countersign/core/resource-server';
import type { RpcCredentials } from './transport/rpc-transport.ts';

/** Options for rejections, and for the place of the credential in microservice messages. */
export interface GuardOptions {
  /**
   * The body of a rejection over HTTP. `nest` is `{ statusCode, error, message }`, `problem` is
   * `application/problem+json`, and a function creates the body. Status and headers, such as the challenge, are the same
   * for all. If the function throws or returns no object, the body is that of `nest`, and the log names the exception.
   * Default: `nest`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9457#section-3
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
   * @example
   * ```ts
   * AuthModule.forRoot({
   *   issuer: 'https://login.example.com',
   *   audience: 'https://api.example.com',
   *   errorFormat: ({ status, code, message }) => ({ ok: false, error: { status, code, message } }),
   * });
   * ```
   */
  readonly errorFormat?: ErrorFormat | undefined;
  /**
   * Finds the `authorization` value of a microservice message. Without a value, access is denied. Default: the exported
   * `rpcCredentials`. It reads the metadata of gRPC and the headers of Kafka, NATS, RabbitMQ and MQTT. For TCP and Redis it
   * reads the metadata that clients of Nest 12 can add.
   */
  readonly rpcCredentials?: RpcCredentials | undefined;
  /**
   * Called with the context of a microservice message that the guard rejected, before the rejection is sent. The handler
   * does not run. Use it where messages are acknowledged manually, such as RabbitMQ with `noAck: false`: reject the
   * message here, otherwise it stays unacknowledged and is delivered again later. An exception is logged and does not
   * change the rejection. Default: none.
   *
   * @example
   * ```ts
   * AuthModule.forRoot({
   *   issuer: 'https://login.example.com',
   *   audience: 'https://api.example.com',
   *   onRejectedMessage: (context) => {
   *     if (context instanceof RmqContext) context.getChannelRef().nack(context.getMessage(), false, false);
   *   },
   * });
   * ```
   */
  readonly onRejectedMessage?:
    | ((context: unknown, rejection: RejectedMessage) => void | Promise<void>)
    | undefined;
}

/** The format of the body of a rejection. */
export type ErrorFormat = 'nest' | 'problem' | ((rejection: RejectionDescription) => object);

/** The content of a rejection that is sent to the client. */
export interface RejectionDescription {
  /** The HTTP status: 400, 401, 403 or 503. */
  readonly status: number;
  /** The name of the status, for example `Unauthorized`. */
  readonly title: string;
  /** For example `invalid_token` or `insufficient_scope`. */
  readonly code: string;
  /** The reason of the rejection, for the developer of the client. Contains no secret. */
  readonly message: string;
}

/** A microservice message that the guard rejected. */
export interface RejectedMessage {
  /** The HTTP status of the rejection: 400, 401, 403, 500, or 503 if tokens cannot be verified at the moment. */
  readonly status: number;
}

/** @throws ConfigurationError `invalid_option` */
export function checkGuardOptions(options: GuardOptions): GuardOptions {
  const { errorFormat = 'nest' } = options;
  if (typeof errorFormat === 'function' || ['nest', 'problem'].includes(errorFormat)) return options;
  throw new ConfigurationError(
    'invalid_option',
    `"errorFormat" is ${JSON.stringify(errorFormat)}, expected "nest", "problem" or a function.`,
  );
}
