/** The first message to the worker. Later messages of this type are ignored. */
export interface WorkerStart {
  readonly type: 'start';
  readonly issuer: string;
  readonly allowInsecureIssuer: boolean;
  /** The URL of the metadata. Absent: the well-known address of the issuer. */
  readonly metadataUrl?: string;
  /** The text in the issuer that the tenant replaces. Absent: the provider has one issuer. */
  readonly placeholder?: string;
  /** Static metadata. Absent: the worker reads the metadata of the issuer. */
  readonly metadata?: WorkerMetadata;
  /** A Web Lock that the worker holds while it exists. The browser releases it when the worker ends. */
  readonly lockName: string;
}

/** The members of the metadata that the worker uses. */
export interface WorkerMetadata {
  readonly issuer: string;
  readonly token_endpoint?: string;
  readonly revocation_endpoint?: string;
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

/** The worker holds its lock: the page can wait for the end of the worker. */
export interface WorkerReady {
  readonly type: 'ready';
  readonly lockName: string;
}

/** The response to a request. Without `response`, the request failed or the worker rejected it. */
export interface WorkerResponse {
  readonly type?: undefined;
  readonly id: number;
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

/** A message to the page. */
export type FromWorker = WorkerReady | WorkerResponse;
