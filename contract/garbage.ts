import type { BlobExplanation, GarbageCollection, GarbageRun } from './schemas/garbage.ts';
import type { CallOptions, Transport } from './transport.ts';

/** The deletion of what nobody needs. */
export function garbageOf(http: Transport) {
  const get = (call: CallOptions = {}): Promise<GarbageCollection> =>
    http.json({ method: 'GET', path: 'garbageCollection', ...call });
  const run = (id: string, call: CallOptions = {}): Promise<GarbageRun> =>
    http.json({ method: 'GET', path: `garbageCollection/runs/${id}`, ...call });
  return {
    get,
    /** Asks for a run; a dry run is answered at once. */
    run: (
      how: { readonly dryRun?: boolean; readonly force?: boolean } = {},
      call: CallOptions = {},
    ): Promise<GarbageRun> =>
      http.json({ method: 'POST', path: 'garbageCollection', verb: 'run', body: how, ...call }),
    /** The run once it is over. */
    wait: async ({ id = '' }: GarbageRun, call: CallOptions = {}): Promise<GarbageRun> => {
      for (let pause = 100; ; pause = Math.min(pause * 2, 1000)) {
        const current = await run(id, call);
        if (current.endTime !== undefined) return current;
        await http.pause(pause, call.signal);
      }
    },
    explain: (digest: string, call: CallOptions = {}): Promise<BlobExplanation> =>
      http.json({ method: 'GET', path: `blobs/${digest}`, verb: 'explain', ...call }),
  };
}
