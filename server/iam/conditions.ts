import { invalid, RegistryError } from '../core/error.ts';
import type { CompiledCondition, ConditionCompiler } from '../core/policy.ts';

/** Bytes of one expression. Evaluation takes time with its length only: nothing in it can loop. */
const LONGEST = 4_096;

type Cel = typeof import('./cel.ts');

/** Conditions in CEL (cel.dev). The library is large, so it is loaded with the first condition there is. */
export class CelConditions implements ConditionCompiler {
  readonly #compiled = new Map<string, CompiledCondition>();
  #cel: Promise<Cel> | undefined;

  async compile(expression: string): Promise<CompiledCondition> {
    const known = this.#compiled.get(expression);
    if (known) return known;
    if (Buffer.byteLength(expression) > LONGEST)
      throw invalid('CONDITION', `A condition has at most ${LONGEST} bytes.`);
    this.#cel ??= import('./cel.ts');
    const { compileCondition } = await this.#cel;
    const compiled = compileCondition(expression);
    if (compiled instanceof Error)
      throw new RegistryError(
        'INVALID_ARGUMENT',
        'CONDITION',
        `The condition cannot be used: ${compiled.message}.`,
      );
    if (this.#compiled.size >= 1_000) this.#compiled.clear();
    this.#compiled.set(expression, compiled);
    return compiled;
  }
}
