import { type CelInput, isCelError, isCelList, parse, plan } from '@bufbuild/cel';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { CompiledCondition } from '../core/policy.ts';
import { Checker, type Expression, type Names } from './cel-check.ts';
import { Meter } from './cel-cost.ts';
import { environment } from './cel-library.ts';
import { sourceRefusal } from './cel-source.ts';

/** What a request says of its resource. The last three it may leave out. */
const SUBJECT: Names = {
  free: [],
  parts: {
    resource: {
      name: 'string',
      type: 'string',
      service: 'string',
      package: 'string',
      version: 'string',
      tag: 'string',
    },
    request: { time: 'google.protobuf.Timestamp' },
  },
};

type Variables = Readonly<Record<string, CelInput>>;

/** An expression over claims. Nothing for what it does not come to: a claim that is not there, another type. */
export type ClaimExpression = (variables: Variables) => boolean | string | readonly string[] | undefined;

/**
 * The Common Expression Language (cel.dev), with what could run for long taken out. An expression is at most 4,096
 * bytes and 1,000 nodes; without macros each node is evaluated at most once, with its one macro at most 500 times.
 * Every function pays for the size of its arguments out of one budget, those whose work grows faster than that before
 * they begin, and regular expressions are RE2. So an evaluation ends after a number of steps that is fixed here.
 */
export class Cel {
  readonly #meter = new Meter();
  readonly #environment = environment(this.#meter);

  /** A condition ready to be asked, or why it is none. It never throws. */
  condition(expression: string): CompiledCondition | Error {
    const compiled = this.#compile(expression, { names: SUBJECT, loops: false, comesTo: ['bool'] });
    if (compiled instanceof Error) return compiled;
    const { evaluate, asked } = compiled;
    return ({ resource, open, time }) => {
      const said = Object.entries(resource);
      const subject = open ? new PartlyOpen(said, open) : new Map(said);
      const result = evaluate({ resource: subject, request: { time: timestampFromMs(time) } });
      if (!isCelError(result)) return result === true;
      const isSaid = (name: string): boolean => subject.has(name) && !open?.has(name);
      return asked.every(isSaid) ? false : 'unknown';
    };
  }

  /** An expression over claims, or why it is none. */
  claims(
    expression: string,
    names: Names,
    comesTo: readonly ('bool' | 'string' | 'list')[],
  ): ClaimExpression | Error {
    const compiled = this.#compile(expression, { names, loops: true, comesTo });
    if (compiled instanceof Error) return compiled;
    return (variables) => {
      const result = compiled.evaluate(variables);
      if (typeof result === 'boolean' || typeof result === 'string') return result;
      if (isCelError(result) || !isCelList(result)) return undefined;
      const items = [...result].filter((item) => typeof item === 'string');
      return items.length === result.size ? items : undefined;
    };
  }

  #compile(expression: string, { names, loops, comesTo }: CompileOptions) {
    const why = sourceRefusal(expression);
    if (why !== undefined) return new Error(why);
    try {
      const expr = parsed(expression);
      this.#meter.reset();
      const checker = new Checker({ environment: this.#environment, names, loops });
      const type = checker.check(expr);
      if (type !== 'dyn' && !comesTo.some((wanted) => wanted === type))
        return new Error(`it does not come to ${comesTo.map((wanted) => SPOKEN[wanted]).join(' or ')}`);
      const evaluate = plan(this.#environment, expr);
      return {
        evaluate: (variables: Variables) => {
          this.#meter.reset();
          return evaluate(variables);
        },
        asked: [...checker.asked]
          .filter((name) => name.startsWith(RESOURCE))
          .map((name) => name.slice(RESOURCE.length)),
      };
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

interface CompileOptions {
  readonly names: Names;
  readonly loops: boolean;
  readonly comesTo: readonly ('bool' | 'string' | 'list')[];
}
const SPOKEN = { bool: 'true or false', string: 'a string', list: 'a list' } as const;

const RESOURCE = 'resource.';

function parsed(expression: string): Expression {
  try {
    const { expr } = parse(expression);
    if (expr) return expr;
  } catch (error) {
    // All that could have stood there instead is left out.
    const [, line, column, found] = /<input>:(\d+):(\d+): (found .+?) but expecting/s.exec(String(error)) ??
      /<input>:(\d+):(\d+): (.+)/s.exec(String(error)) ?? ['', '1', '1', 'it cannot be read'];
    throw new Error(`it is not CEL: ${found} at line ${line}, column ${column}`, { cause: error });
  }
  throw new Error('it is empty');
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
