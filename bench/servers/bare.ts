import { join } from 'node:path';
import { launch } from './process.ts';
import { type Place, placeFor, type Running } from './server.ts';

export interface BareAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The ceiling for small documents: the runtime's own server answering one body, with no registry behind it. */
export async function startBare(within: Place, answer: BareAnswer): Promise<Running> {
  const place = await placeFor('bare', within);
  const file = join(place.directory, 'answer.json');
  await Bun.write(file, JSON.stringify(answer));
  const program = join(import.meta.dir, 'bare-program.ts');
  const started = await launch({
    command: [process.execPath, program, file],
    place,
    announces: /listening on (\S+)/,
  });
  return {
    name: 'bare Bun.serve',
    url: started.announced,
    pid: started.pid,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}
