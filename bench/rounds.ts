import type { Sample, Samples } from './measure.ts';

export interface Contender {
  readonly name: string;
  round(): Promise<Sample>;
}

export interface Rounds {
  readonly counted: number;
  /** Measured and thrown away, so that caches, JITs and the page cache are what they are in service. */
  readonly warmUp: number;
}

/** A B C, A B C, …: a round holds one turn of everybody, so the ratios of a round compare like with like. */
export async function interleave(
  rounds: Rounds,
  contenders: readonly Contender[],
  say: (line: string) => void,
): Promise<Samples> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds.warmUp + rounds.counted; round += 1) {
    const counts = round >= rounds.warmUp;
    for (const contender of contenders) {
      const sample = await contender.round();
      if (counts) samples.get(contender.name)?.push(sample);
      say(
        `  ${counts ? `round ${round - rounds.warmUp + 1}` : 'warm-up'} ${contender.name} ${brief(sample)}`,
      );
    }
  }
  return samples;
}

function brief(sample: Sample): string {
  return Object.entries(sample)
    .map(([key, value]) => `${key}=${value >= 100 ? Math.round(value) : Number(value.toPrecision(3))}`)
    .join(' ');
}
