import { DatePipe } from '@angular/common';
import { httpResource } from '@angular/common/http';
import { Component, computed, inject } from '@angular/core';
import { injectAuth } from '@countersign/angular';
import { describeError } from '../errors/describe-error.ts';
import { SETTINGS } from '../settings/settings.ts';

interface Report {
  readonly items: number;
  readonly lastAdded?: string;
}

/** Uses a second client for a second API, with a separate login, tokens and storage. */
@Component({
  selector: 'app-reports',
  imports: [DatePipe],
  template: `
    <h1>Reports</h1>
    <p class="lead">A second client for a second API, with a separate login. Its tokens are valid for reports only, and this tab stores them across a reload.</p>
    <section class="panel" aria-labelledby="report-title" [attr.aria-busy]="report.isLoading()">
      <div class="row spread">
        <h2 id="report-title">Your list in numbers</h2>
        @if (auth.isSignedIn()) {
          <button class="secondary small" type="button" (click)="auth.logout({ localOnly: true })">Close the reports</button>
        }
      </div>
      @if (problem(); as text) {
        <p class="error" role="alert">{{ text }}</p>
      }
      @if (!auth.isSignedIn()) {
        <p>The reports are not open in this tab.</p>
        <p class="actions">
          <button class="primary" type="button" (click)="auth.login()" [disabled]="auth.status() === 'loading'">Open the reports</button>
        </p>
      } @else if (report.hasValue()) {
        <p>
          <strong>{{ report.value().items }}</strong> {{ report.value().items === 1 ? 'item' : 'items' }}, counted for
          <strong>{{ auth.user()?.name ?? auth.user()?.sub }}</strong>.
          @if (report.value().lastAdded; as time) {
            The last one was added at <time [attr.datetime]="time">{{ time | date: 'HH:mm:ss' }}</time>.
          }
        </p>
        <ul class="tags" aria-label="Scopes of the reports">
          @for (scope of auth.scopes(); track scope) {
            <li><code>{{ scope }}</code></li>
          }
        </ul>
      } @else {
        <p class="muted" role="status">Loading</p>
      }
    </section>
  `,
})
export class ReportsPage {
  readonly #url = `${inject(SETTINGS).apiUrl}/reports`;
  protected readonly auth = injectAuth('reports');
  protected readonly report = httpResource<Report>(() => (this.auth.isSignedIn() ? this.#url : undefined));
  protected readonly problem = computed(() => {
    const error = this.auth.error() ?? this.report.error();
    return error && describeError(error);
  });
}
