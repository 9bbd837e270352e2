import { usage } from '../../exit.ts';
import { isRecord } from '../../output/scalar.ts';

/** A JSON or YAML file that holds one object. */
export function documentOf(content: string, file: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    // JSON is YAML, but YAML's complaints about broken JSON help nobody.
    parsed = /^\s*[[{]/.test(content) ? JSON.parse(content) : Bun.YAML.parse(content);
  } catch (cause) {
    throw usage(
      `${file} is neither JSON nor YAML: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  if (!isRecord(parsed)) throw usage(`${file} must hold an object`);
  return parsed;
}
