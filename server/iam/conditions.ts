import { invalid } from '../core/error.ts';
import type { CompiledCondition, ConditionCompiler } from '../core/policy.ts';
import type { Cel } from './cel.ts';

/** Conditions in CEL. The library is large, so it is loaded with the first condition there is. */
export class CelConditions implements ConditionCompiler {
  readonly #compiled = new Map<string, CompiledCondition>();
  #cel: Promise<Cel> | undefined;

  async compile(expression: string): Promise<CompiledCondition> {
    const known = this.#compiled.get(expression);
    if (known) return known;
    this.#cel ??= loadCel();
    const compiled = (await this.#cel).condition(expression);
    if (compiled instanceof Error)
      throw invalid('CONDITION', `The condition cannot be used: ${compiled.message}.`);
    if (this.#compiled.size >= 1_000) this.#compiled.clear();
    this.#compiled.set(expression, compiled);
    return compiled;
  }
}

export async function loadCel(): Promise<Cel> {
  const { Cel } = await import('./cel.ts');
  return new Cel();
}
