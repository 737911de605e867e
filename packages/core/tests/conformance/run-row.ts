import { expect } from 'vitest';
import { createHarness, expectRejection } from '../support/client/harness.ts';
import type { Row, Verdict } from './rows/row.ts';

/** The result of one module, for the report. */
export interface Outcome {
  /** The tested client. Default: the server's client. */
  readonly client?: 'browser';
  readonly id: string;
  readonly verdict: Verdict;
  readonly result: 'accepted' | 'rejected';
  /** The error code and the failed check. */
  readonly code?: string;
}

/** Attaches an outcome to the test, for the report. */
export function record(task: { meta: object }, outcome: Outcome): void {
  Object.assign(task.meta, { conformance: outcome });
}

/** Runs the module of one row. */
export async function runRow(row: Row, task: { meta: object }): Promise<void> {
  const { id, verdict, rejection } = row;
  const harness = await createHarness({ ...row.options, ...(row.faults && { faults: row.faults }) });
  const flow = async () => {
    if (!row.refresh) return harness.logIn(row.request);
    await harness.logIn(row.request);
    harness.userinfo = undefined;
    for (const fault of row.refreshFaults ?? []) harness.server.faults.add(fault);
    return undefined;
  };
  if (row.refresh) await flow();
  const run = async () => {
    if (row.refresh) await harness.refresh();
    else await flow();
  };
  if (!rejection) {
    await run();
    expect(harness.userinfo).toMatchObject({ sub: 'alice' });
    record(task, { id, verdict, result: 'accepted' });
    return;
  }
  // An invalid userinfo response is rejected after the tokens were accepted.
  if (rejection.after === 'userinfo') {
    await expect(run()).rejects.toMatchObject({
      name: rejection.error,
      code: rejection.code,
      check: rejection.check,
    });
    expect(harness.userinfo).toBeUndefined();
    record(task, { id, verdict, result: 'rejected', code: `${rejection.code} (${rejection.check})` });
    return;
  }
  const code = await expectRejection(harness, run, rejection, rejection.after);
  record(task, { id, verdict, result: 'rejected', code });
}
