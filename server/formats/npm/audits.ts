import type { Query } from '../../core/format.ts';
import type { Question } from '../../core/question.ts';
import { bulkQuestion, quickQuestion } from './audit-questions.ts';
import { mergeBulk, type Merged, mergeQuick } from './audit-reports.ts';

const BUT = 'that none are reported does not mean that there are none.';
const NOTHING_KNOWN = `This registry does not know of vulnerabilities: ${BUT}`;
const NOT_ALL_ASKED = `Not every registry behind this one could be asked for vulnerabilities: ${BUT}`;

/** POST …/advisories/bulk */
export const bulkAdvisories = async (query: Query): Promise<Response> =>
  answer(query, await bulkQuestion(query), mergeBulk);

/** POST …/audits, which older clients ask. */
export const treeAudit = async (query: Query): Promise<Response> =>
  answer(query, await quickQuestion(query, 'audits'), mergeQuick);

/** POST …/audits/quick, which some others do. */
export const quickAudit = async (query: Query): Promise<Response> =>
  answer(query, await quickQuestion(query, 'audits/quick'), mergeQuick);

/** Who installs is not kept from it by whoever should have known more: it is said instead. */
async function answer(
  { headers, repo }: Query,
  question: Question,
  merge: (bodies: readonly Uint8Array<ArrayBuffer>[]) => Merged,
): Promise<Response> {
  const { bodies, failed } = await repo.ask(question);
  const { report, useless } = merge(bodies);
  const notice =
    failed.length + useless > 0 ? NOT_ALL_ASKED : bodies.length === 0 ? NOTHING_KNOWN : undefined;
  // An install asks too, and need not be told each time.
  const isTold = notice !== undefined && headers.get('npm-command') === 'audit';
  return Response.json(report, isTold ? { headers: { 'npm-notice': notice } } : {});
}
