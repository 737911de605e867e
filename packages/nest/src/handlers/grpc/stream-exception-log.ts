import {
  type CallHandler,
  type ExecutionContext,
  HttpException,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { type Observable, tap } from 'rxjs';
import { writeLogLine } from '../../errors/limited-log.ts';
import { describeError, formatLogName, isInstance, isRejection } from '../../errors/unexpected-errors.ts';
import { findTransport } from '../../transport/find-transport.ts';
import { isStreamError } from './grpc-streams.ts';

/**
 * Logs an exception of Nest with which the handler of a gRPC stream ends its call. Nest logs only other exceptions, and the
 * client receives no more than a status, so the cause would be lost.
 */
@Injectable()
export class StreamExceptionLog implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(tap({ error: (exception: unknown) => logException(exception, context) }));
  }
}

function logException(exception: unknown, context: ExecutionContext): void {
  if (isRejection(exception) || isStreamError(exception) || !isExceptionOfNest(exception)) return;
  try {
    const name = formatLogName(context.getClass(), context.getHandler());
    const { text, type } = describeError(exception, findTransport(context));
    writeLogLine('warn', {
      kind: `${name} ${type}`,
      text: `${name}: the gRPC call ends, because the handler threw ${text}`,
    });
  } catch {
    // A context that cannot be read does not change the status of the call.
  }
}

/** `RpcException` is in an optional package. */
const isExceptionOfNest = (exception: unknown): boolean =>
  isInstance(exception, HttpException) ||
  typeof (exception as { getError?: unknown } | null | undefined)?.getError === 'function';
