/**
 * The injection token of the application's `AccessTokenVerifier`.
 *
 * @example
 * ```ts
 * @Injectable()
 * class UsageService {
 *   constructor(@Inject(ACCESS_TOKEN_VERIFIER) private readonly verifier: AccessTokenVerifier) {}
 *
 *   readCacheHitRatio() {
 *     return this.verifier.statistics().cacheHitRatio;
 *   }
 * }
 * ```
 */
export const ACCESS_TOKEN_VERIFIER = Symbol.for('countersign.AccessTokenVerifier');

/** The injection token of the `GuardOptions` of an `AuthModule`. */
export const GUARD_OPTIONS = Symbol.for('countersign.GuardOptions');

/** Provides nothing. Its factory prepares the handlers of gRPC streams before the application listens. */
export const GRPC_STREAMS = Symbol.for('countersign.grpcStreams');
