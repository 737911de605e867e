import { expect } from 'vitest';
import { createHarness, expectRefusal } from './harness.ts';
import type { Row, Verdict } from './rows/row.ts';

/** What the report shows of one module. */
export interface Outcome {
  /** Which client it is of. Default: the server's. */
  readonly client?: 'browser';
  readonly id: string;
  readonly verdict: Verdict;
  readonly result: 'accepted' | 'refused';
  /** Our error code and what failed. */
  readonly code?: string;
}

/** Leaves an outcome with the test, for the report. */
export function record(task: { meta: object }, outcome: Outcome): void {
  Object.assign(task.meta, { conformance: outcome });
}

/** Runs one module of the tables. */
export async function runRow(row: Row, task: { meta: object }): Promise<void> {
  const { id, verdict, refusal } = row;
  const harness = await createHarness({ ...row.options, ...(row.lies && { lies: row.lies }) });
  const flow = async () => {
    if (!row.refresh) return harness.logIn(row.request);
    await harness.logIn(row.request);
    harness.userinfo = undefined;
    for (const lie of row.refreshLies ?? []) harness.server.lies.add(lie);
    return undefined;
  };
  if (row.refresh) await flow();
  const run = async () => {
    if (row.refresh) await harness.refresh();
    else await flow();
  };
  if (!refusal) {
    await run();
    expect(harness.userinfo).toMatchObject({ sub: 'alice' });
    record(task, { id, verdict, result: 'accepted' });
    return;
  }
  // The userinfo call itself is what is refused when its answer is wrong; the tokens are good then.
  if (refusal.after === 'userinfo') {
    await expect(run()).rejects.toMatchObject({
      name: refusal.error,
      code: refusal.code,
      check: refusal.check,
    });
    expect(harness.userinfo).toBeUndefined();
    record(task, { id, verdict, result: 'refused', code: `${refusal.code} (${refusal.check})` });
    return;
  }
  const code = await expectRefusal(harness, run, refusal, refusal.after);
  record(task, { id, verdict, result: 'refused', code });
}
