import { RegistryError } from '../core/error.ts';
import { type Answers, NOBODY_ASKED, type Question } from '../core/question.ts';
import type { UpstreamRequest } from '../core/upstream.ts';
import { receive } from './read-index.ts';
import type { RemoteParts } from './remote-parts.ts';
import type { SafetyGate } from './safety-gate.ts';

type Parts = Pick<RemoteParts, 'name' | 'settings' | 'upstream' | 'unnoticed'>;

/** Passes on what clients ask, to an upstream that may know what is installed, of the names that may come from it. */
export class RemoteQuestions {
  readonly #parts: Parts;
  readonly #gate: Pick<SafetyGate, 'admits'>;

  constructor(parts: Parts, gate: Pick<SafetyGate, 'admits'>) {
    this.#parts = parts;
    this.#gate = gate;
  }

  async ask(question: Question): Promise<Answers> {
    const { name, settings, unnoticed } = this.#parts;
    if (!settings.forwardAudits) return NOBODY_ASKED;
    const body = await question.about(async (pkg) => this.#gate.admits({ package: pkg }));
    if (!body) return NOBODY_ASKED;
    try {
      const { target, headers, maxBytes } = question;
      const request = { target, method: 'POST', headers, body, maxBytes, compressed: true } as const;
      return { bodies: [await this.#answer(request)], failed: [] };
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code === 'INTERNAL') throw error;
      unnoticed(error);
      return { bodies: [], failed: [name] };
    }
  }

  async #answer(request: UpstreamRequest): Promise<Uint8Array<ArrayBuffer>> {
    const answer = await this.#parts.upstream.fetch(request);
    if (answer.kind === 'found') return (await receive(answer.body, request.maxBytes)).bytes;
    throw new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', 'the upstream does not take such questions');
  }
}
