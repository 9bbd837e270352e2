import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { CompiledCondition } from '../core/policy.ts';

const ENVIRONMENT = celEnv({ funcs: strings });

/** A condition ready to be asked, or why it is none. */
export function compileCondition(expression: string): CompiledCondition | Error {
  let evaluate: ReturnType<typeof plan>;
  try {
    evaluate = plan(ENVIRONMENT, parse(expression));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
  return ({ resource, time }) => {
    const result = evaluate({ resource: { ...resource }, request: { time: timestampFromMs(time) } });
    if (isCelError(result)) return 'unknown';
    return result === true;
  };
}
