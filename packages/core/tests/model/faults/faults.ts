import type { Random } from '../../support/random.ts';
import type { Stores } from '../simulation/stores.ts';

/** A kind of failure in a run. */
export type FaultKind =
  /** The provider has processed the request, and its response is lost. */
  | 'lost-provider-response'
  /** The provider responds with 503 and changes nothing. */
  | 'provider-unavailable'
  /** The response of the application does not reach the browser. */
  | 'lost-browser-response'
  | 'failed-read'
  /** The store rejects a write and changes nothing. */
  | 'failed-write'
  /** The store has written, and its response is lost. */
  | 'lost-write-response'
  /** Several operations of the stores fail one after another. */
  | 'store-outage'
  /** A process ends and starts again, with empty memory. */
  | 'crash'
  /** The wall clock of a process jumps. */
  | 'clock-jump';

export const faultKinds: readonly FaultKind[] = [
  'lost-provider-response',
  'provider-unavailable',
  'lost-browser-response',
  'failed-read',
  'failed-write',
  'lost-write-response',
  'store-outage',
  'crash',
  'clock-jump',
];

/** A fault at one point of a run. */
export interface Fault {
  readonly kind: FaultKind;
  /** Count of operations (of steps for `crash` and `clock-jump`) that precede it. */
  readonly after: number;
  /** Operations that fail. */
  readonly length: number;
  /** Index of the process, for `crash` and `clock-jump`. */
  readonly process: number;
  /** Milliseconds, for `clock-jump`. */
  readonly offset: number;
  /** Only operations of this store fail. Default: those of all stores. */
  readonly port?: keyof Stores;
}

/** Creates a fault that can occur in the deployment: stores fail only behind a port. */
export function createFault(
  random: Random,
  { processes, ports }: { readonly processes: number; readonly ports: readonly (keyof Stores)[] },
): Fault {
  const isOfStore = (each: FaultKind) => /read|write|store/.test(each);
  const kind = random.pick(faultKinds.filter((each) => ports.length > 0 || !isOfStore(each)));
  const isStep = kind === 'crash' || kind === 'clock-jump';
  const port = isOfStore(kind) && random.oneIn(2) ? random.pick(ports) : undefined;
  const maximum = isStep ? 30 : port !== undefined || kind.startsWith('lost-provider') ? 4 : 8;
  return {
    kind,
    ...(port && { port }),
    after: random.below(maximum),
    length:
      kind === 'store-outage' ? 2 + random.below(12) : kind === 'failed-write' ? random.pick([1, 4]) : 1,
    process: random.below(processes),
    offset: random.pick([-7_200_000, -600_000, -20_000, -1_500, 1_500, 20_000, 600_000, 7_200_000]),
  };
}

/** The faults of a run. They occur only while `isEnabled` is true. */
export interface Faults {
  isEnabled: boolean;
  /** The kinds that have occurred. */
  readonly occurredKinds: Set<FaultKind>;
  /** Counts one operation for each kind, and returns the fault that occurs at it. */
  take(kinds: FaultKind | readonly FaultKind[], port?: keyof Stores): Fault | undefined;
}

export function createFaults(plannedFaults: readonly Fault[]): Faults {
  const states = plannedFaults.map((fault) => ({ fault, count: 0 }));
  const occurredKinds = new Set<FaultKind>();
  return {
    isEnabled: false,
    occurredKinds,
    take(kinds, port) {
      if (!this.isEnabled) return undefined;
      let activeFault: Fault | undefined;
      for (const state of states) {
        const { fault } = state;
        if (!kinds.includes(fault.kind) || (fault.port !== undefined && fault.port !== port)) continue;
        const count = state.count++;
        if (count >= fault.after && count < fault.after + fault.length) activeFault = fault;
      }
      if (activeFault) occurredKinds.add(activeFault.kind);
      return activeFault;
    },
  };
}
