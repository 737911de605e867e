import type { Benchmark, Report } from '../benchmark.ts';
import { format } from '../statistics.ts';
import { growSessions, growTokens } from './growth.ts';
import { soak } from './soak.ts';

export const benchmark: Benchmark = {
  name: 'scale',
  title: 'Growth: many tokens, many sessions, long operation',
  async run(options): Promise<Report> {
    const sizes = options.smoke ? [1, 100] : [1, 1000, 10_000, 100_000, 1_000_000];
    const tokens = await growTokens(sizes, options);
    const sessions = await growSessions(sizes, options);
    const soaked = await soak(options.smoke ? 1 : (options.soak ?? 60), options);
    const growth = (soaked.late / soaked.early - 1) * 100;
    return {
      tables: [
        tokens.table,
        sessions.table,
        {
          title: 'Soak',
          head: ['seconds', 'requests', 'live memory in the second quarter, MB', 'in the last quarter, MB'],
          rows: [
            [
              String(soaked.seconds),
              soaked.requests.toLocaleString('en-GB'),
              format(soaked.early),
              format(soaked.late),
            ],
          ],
        },
      ],
      limits: [
        {
          what: 'a request with a known token takes at most 1.5 times as long at any size',
          measured: `${format(tokens.ratio)} times`,
          holds: tokens.ratio <= 1.5,
        },
        {
          what: 'a request with a stored session takes at most 1.5 times as long at any size',
          measured: `${format(sessions.ratio)} times`,
          holds: sessions.ratio <= 1.5,
        },
        {
          what: 'ten times as many tokens need at most 1.1 times the memory of a full cache',
          measured: `${format(tokens.memoryRatio)} times`,
          holds: tokens.memoryRatio <= 1.1,
        },
        {
          what: 'ten times as many sessions need at most 1.1 times the memory of a full store',
          measured: `${format(sessions.memoryRatio)} times`,
          holds: sessions.memoryRatio <= 1.1,
        },
        {
          what: 'live memory grows by at most 3 % in the second half of the soak',
          measured: `${format(growth)} %`,
          holds: growth <= 3,
        },
      ],
      notes: [
        'Requests use the most recent entries. The soak mixes new, known and changed tokens with logins and logouts in one process, with caches of 1,000 entries. `--soak 600` runs it for ten minutes.',
      ],
      packages: [],
    };
  },
};
