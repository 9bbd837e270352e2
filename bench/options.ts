import { parseArgs } from 'node:util';

export interface Options {
  /** Scenario names; empty for all but those that only run when they are named. */
  readonly only: readonly string[];
  readonly json: boolean;
  readonly quick: boolean;
  readonly write: boolean;
  readonly help: boolean;
  /** Where servers keep their data while they are measured. */
  readonly directory: string | undefined;
}

export const HELP = `npm run bench -- [options]

Measures Entrepot beside the peers that are installed (npm run bench:peers), in interleaved rounds on loopback.

  --only SCENARIO[,…]  only these; may be repeated
  --quick              small sizes and one round: shows that everything works, and fails only on errors
  --json               the results as JSON on standard output
  --write              put the results into docs/benchmarks.md, each as soon as it is there
  --dir DIR            keep the servers' data below DIR (default: .cache of the checkout), on the disk to be measured
  --help               this text

Scenarios, and about how long each takes:`;

/** What the command line asks for; throws a sentence for what it does not understand. */
export function parseOptions(args: readonly string[], known: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      dir: { type: 'string' },
    },
  });
  const only = values.only.flatMap((names) => names.split(','));
  const unknown = only.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`no scenario is called ${unknown}; there are: ${known.join(', ')}`);
  if (values.write && values.quick)
    throw new Error('--quick figures are too rough to publish: leave out --quick or --write');
  return {
    only,
    json: values.json,
    quick: values.quick,
    write: values.write,
    help: values.help,
    directory: values.dir,
  };
}
