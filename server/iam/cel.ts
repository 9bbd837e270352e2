import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { CompiledCondition } from '../core/policy.ts';
import { unfit } from './condition-shape.ts';

const ENVIRONMENT = celEnv({ funcs: strings });

/** A condition ready to be asked, or why it is none. */
export function compileCondition(expression: string): CompiledCondition | Error {
  let evaluate: ReturnType<typeof plan>;
  try {
    const parsed = parse(expression);
    const why = parsed.expr && unfit(parsed.expr);
    if (why !== undefined) return new Error(why);
    evaluate = plan(ENVIRONMENT, parsed);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
  return ({ resource, open, time }) => {
    const subject = open ? new PartlyOpen(Object.entries(resource), open) : { ...resource };
    const result = evaluate({ resource: subject, request: { time: timestampFromMs(time) } });
    if (isCelError(result)) return 'unknown';
    return result === true;
  };
}

/** Fails whoever asks for what is left open, were it only whether it is there: the answer is then unknown. */
class PartlyOpen extends Map<string, string> {
  readonly #open: ReadonlySet<string>;

  constructor(said: Iterable<readonly [string, string]>, open: ReadonlySet<string>) {
    super(said);
    this.#open = open;
  }

  override get(key: string): string | undefined {
    if (this.#open.has(key)) throw new Error(`resource.${key} is left open`);
    return super.get(key);
  }
}
