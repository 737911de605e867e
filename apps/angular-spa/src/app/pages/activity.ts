import { DatePipe } from '@angular/common';
import { Component, computed, inject } from '@angular/core';
import { ACTIVITY } from '../activity.ts';

@Component({
  selector: 'app-activity',
  imports: [DatePipe],
  template: `
    <h1>Activity</h1>
    <p class="lead">The events of the library since this page was loaded, newest first. No event contains a token.</p>
    <section class="panel" aria-label="Events">
      @if (entries().length > 0) {
        <ol class="events">
          @for (entry of entries(); track entry.id) {
            <li>
              <time class="muted">{{ entry.at | date: 'HH:mm:ss' }}</time>
              <strong>{{ entry.type }}</strong>
              <span class="details">
                @for (detail of entry.details; track detail[0]) {
                  <span><code>{{ detail[0] }}</code> {{ detail[1] }}</span>
                }
              </span>
            </li>
          }
        </ol>
      } @else {
        <p class="muted">No events yet. Log in, or open your items and wait for the next token refresh.</p>
      }
    </section>
  `,
})
export class ActivityPage {
  readonly #activity = inject(ACTIVITY);

  protected readonly entries = computed(() =>
    this.#activity().map(({ id, at, event }) => {
      const { type, ...details } = event;
      const entries = Object.entries(details).filter(([name]) => name !== 'issuer' && name !== 'clientId');
      return { id, at, type, details: entries.map(([name, value]) => [name, String(value)]) };
    }),
  );
}
