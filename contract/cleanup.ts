import type { CleanupDecision, CleanupPolicy, CleanupPreviewLine, CleanupRun } from './schemas/cleanup.ts';
import type { Operation } from './schemas/operation.ts';
import type { CallOptions, Transport } from './transport.ts';
import { getting, listing } from './verbs.ts';

/** Cleanup of repositories; names of runs are `…/repositories/R/cleanupRuns/RUN`. */
export function cleanupOf(http: Transport) {
  return {
    cleanup: {
      /** What every version would come to by these policies, or by the repository's own; at last the sum of it. */
      async *preview(
        repository: string,
        policies?: Readonly<Record<string, CleanupPolicy>>,
        call: CallOptions = {},
      ): AsyncGenerator<CleanupPreviewLine, void, undefined> {
        const body = policies ? { cleanupPolicies: policies } : {};
        const answer = await http.raw({
          method: 'POST',
          path: repository,
          verb: 'previewCleanup',
          body,
          ...call,
        });
        for await (const line of linesOf(answer)) yield JSON.parse(line) as CleanupPreviewLine;
      },
      /** The operation's metadata, and at last its response, is the run. */
      run: (
        repository: string,
        request: { readonly dryRun?: boolean } = {},
        call: CallOptions = {},
      ): Promise<Operation> =>
        http.json({ method: 'POST', path: repository, verb: 'runCleanup', body: request, ...call }),
    },
    cleanupRuns: { ...getting<CleanupRun>(http), ...listing<CleanupRun>(http, 'cleanupRuns') },
    /** Below the name of a run. */
    cleanupDecisions: listing<CleanupDecision>(http, 'decisions'),
  };
}

async function* linesOf({ body }: Response): AsyncGenerator<string, void, undefined> {
  if (!body) return;
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
