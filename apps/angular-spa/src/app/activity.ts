import { InjectionToken, type Signal, signal } from '@angular/core';
import type { AuthEvent } from '@countersign/angular';

/** An event of the library. */
export interface Activity {
  readonly id: number;
  /** The time of the event in milliseconds since the epoch. */
  readonly at: number;
  readonly event: AuthEvent;
}

/** The maximum count of stored events. The oldest events are removed first. */
const maxEvents = 50;

export const ACTIVITY = new InjectionToken<Signal<readonly Activity[]>>('activity');

/** Creates a signal with the events since the page was loaded, newest first, and the listener that adds them. */
export function createActivity() {
  const activity = signal<readonly Activity[]>([]);
  let id = 0;
  return {
    activity: activity.asReadonly(),
    listen(event: AuthEvent) {
      activity.update((events) => [{ id: id++, at: Date.now(), event }, ...events].slice(0, maxEvents));
    },
  };
}
