import type { ScrubStatus } from './schemas/scrub.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Reading what is stored and holding it to its digest. */
export const scrubOf = (http: Transport) => ({
  get: (call: CallOptions = {}): Promise<ScrubStatus> => http.json({ method: 'GET', path: 'scrub', ...call }),
  /** Asks for a pass over everything, at once. */
  run: (call: CallOptions = {}): Promise<ScrubStatus> =>
    http.json({ method: 'POST', path: 'scrub', verb: 'run', body: {}, ...call }),
  /** The first look after which the pass that was asked for is over. */
  wait: async (
    { requestTime = '' }: ScrubStatus,
    { onPending, ...call }: CallOptions & { readonly onPending?: (status: ScrubStatus) => void } = {},
  ): Promise<ScrubStatus> => {
    for (let pause = 100; ; pause = Math.min(pause * 2, 1000)) {
      const status = await scrubOf(http).get(call);
      if ((status.lastPass?.startTime ?? '') >= requestTime) return status;
      onPending?.(status);
      await http.pause(pause, call.signal);
    }
  },
});
