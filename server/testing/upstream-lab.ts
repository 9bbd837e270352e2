import type { UpstreamAnswer, UpstreamRequest } from '../core/upstream.ts';
import { OutboundClient } from '../outbound/outbound-client.ts';
import type { OriginLimits } from '../upstream/origin.ts';
import { Upstreams, type UpstreamSettings } from '../upstream/upstreams.ts';
import { FakeUpstream } from './fake-upstream.ts';

/** A registry elsewhere and the client of it, with a clock that moves when it is told to, or when somebody sleeps. */
export class UpstreamLab implements AsyncDisposable {
  readonly server: FakeUpstream;
  readonly upstreams: Upstreams;
  /** How long somebody slept, in milliseconds. */
  readonly slept: number[] = [];
  /** Milliseconds since the epoch. */
  now = Date.UTC(2026, 0, 1);
  readonly #outbound = new OutboundClient({
    allowed: [{ hostname: '127.0.0.1' }, { hostname: 'localhost' }],
  });

  private constructor(server: FakeUpstream, limits: Partial<OriginLimits>) {
    this.server = server;
    this.upstreams = new Upstreams({
      outbound: this.#outbound,
      now: () => this.now,
      random: () => 0.5,
      sleep: async (milliseconds) => {
        this.slept.push(milliseconds);
        this.now += milliseconds;
      },
      limits,
    });
  }

  static async start(limits: Partial<OriginLimits> = {}): Promise<UpstreamLab> {
    return new UpstreamLab(await FakeUpstream.start(), limits);
  }

  /** The registry, which is at `/npm` of its server. */
  open(settings: Partial<UpstreamSettings> = {}) {
    return this.upstreams.open({ uri: `${this.server.url}/npm`, ...settings });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#outbound[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

/** A request for `target`, for which one mebibyte is enough. */
export const asking = (target: string, request: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  target,
  maxBytes: 2 ** 20,
  ...request,
});

/** The body of what was found, or what it was instead. */
export async function textOf(answer: UpstreamAnswer | Promise<UpstreamAnswer>): Promise<string> {
  const got = await answer;
  return got.kind === 'found' ? new Response(got.body).text() : got.kind;
}
