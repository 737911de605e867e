import { InjectionToken, type Signal, signal } from '@angular/core';
import type { AuthEvent } from '@countersign/angular';

/** One event and when it came, in milliseconds since the epoch. */
export interface Activity {
  readonly id: number;
  readonly at: number;
  readonly event: AuthEvent;
}

/** Events kept; the oldest go first. */
const most = 50;

export const ACTIVITY = new InjectionToken<Signal<readonly Activity[]>>('activity');

/** What the library has told since this page was loaded, newest first; and the listener that collects it. */
export function createActivity() {
  const activity = signal<readonly Activity[]>([]);
  let id = 0;
  return {
    activity: activity.asReadonly(),
    listen(event: AuthEvent) {
      activity.update((known) => [{ id: id++, at: Date.now(), event }, ...known].slice(0, most));
    },
  };
}
