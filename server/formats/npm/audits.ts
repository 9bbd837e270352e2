import type { Query } from '../../core/format.ts';
import { readWhole } from '../../lib/read-whole.ts';

/** As it is sent, compressed. A tree of ten thousand packages is a tenth of it. */
const LARGEST_QUESTION = 4 * 1024 * 1024;

const NOTHING_KNOWN =
  'This registry does not know of vulnerabilities: that none are reported does not mean that there are none.';

/**
 * POST …/advisories/bulk. Nobody else is asked: the question lists what its sender depends on. The body is read so that the
 * connection can go on, and not understood.
 */
export const bulkAdvisories = async (query: Query): Promise<Response> => answer(query, {});

/** POST …/audits and …/audits/quick, which older clients ask. */
export const quickAudit = async (query: Query): Promise<Response> =>
  answer(query, {
    actions: [],
    advisories: {},
    muted: [],
    metadata: {
      vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0 },
      dependencies: 0,
      devDependencies: 0,
      optionalDependencies: 0,
      totalDependencies: 0,
    },
  });

async function answer({ body, headers }: Query, report: object): Promise<Response> {
  await readWhole(body, LARGEST_QUESTION, 'the body');
  // An install asks too, and need not be told each time.
  const isAudit = headers.get('npm-command') === 'audit';
  return Response.json(report, isAudit ? { headers: { 'npm-notice': NOTHING_KNOWN } } : {});
}
