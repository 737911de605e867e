/** A server and its requests. */
export interface Target {
  readonly port: number;
  /** Complete HTTP/1.1 requests, sent in rotation. */
  readonly requests: readonly string[];
}

/** The targets, the duration and the rate of a load. */
export interface Load {
  readonly targets: readonly Target[];
  /** The count of connections to each target. */
  readonly connections: number;
  /** Duration for each target in milliseconds. */
  readonly duration: number;
  /**
   * Milliseconds until the load switches to the next target. With a short slot, load on the machine affects all targets
   * equally.
   */
  readonly slot: number;
  /** Requests per second. Default: as fast as the server responds. */
  readonly rate?: number;
}

/** The result of one target. */
export interface LoadResult {
  readonly requests: number;
  /** Count of responses with a status other than 200. */
  readonly failures: number;
  /** Actual duration in milliseconds. */
  readonly elapsed: number;
  /** 99th percentile of the latency in milliseconds. */
  readonly p99: number;
}
