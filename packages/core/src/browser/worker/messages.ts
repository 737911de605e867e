/** What the worker is told once, when it starts; nothing changes it later. */
export interface WorkerStart {
  readonly type: 'start';
  readonly issuer: string;
  readonly allowInsecureIssuer: boolean;
}

/** One request that the page asks for. */
export interface WorkerRequest {
  readonly type: 'request';
  readonly id: number;
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The page has given a request up. */
export interface WorkerAbort {
  readonly type: 'abort';
  readonly id: number;
}

export type ToWorker = WorkerStart | WorkerRequest | WorkerAbort;

/** Without `answer` there was none, or the worker refused. */
export interface FromWorker {
  readonly id: number;
  readonly answer?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}
