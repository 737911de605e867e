/** The first message to the worker. Later messages of this type are ignored. */
export interface WorkerStart {
  readonly type: 'start';
  readonly issuer: string;
  readonly allowInsecureIssuer: boolean;
}

/** A request that the worker sends for the page. */
export interface WorkerRequest {
  readonly type: 'request';
  readonly id: number;
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Aborts a request. */
export interface WorkerAbort {
  readonly type: 'abort';
  readonly id: number;
}

/** A message to the worker. */
export type ToWorker = WorkerStart | WorkerRequest | WorkerAbort;

/** A message to the page. Without `response`, the request failed or the worker rejected it. */
export interface FromWorker {
  readonly id: number;
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}
