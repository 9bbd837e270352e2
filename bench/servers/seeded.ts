import { join } from 'node:path';
import { pushSmallImage } from '../load/oci-client.ts';
import type { Bench } from '../scenario.ts';
import { seed, type SeedPlan } from '../seed.ts';
import { createRepository, signIn, startProcess } from './entrepot.ts';
import { type Place, placeFor } from './server.ts';

/** A place with a registry of `plan`'s size in it, for `startProcess`. */
export async function seededPlace(
  bench: Bench,
  plan: SeedPlan & { readonly layers: number },
): Promise<Place> {
  const place = await placeFor('seeded', bench);
  {
    await using server = await startProcess(place);
    const registry = await signIn(server);
    await createRepository(registry);
    await pushSmallImage(registry, plan.image, 'template', plan.layers);
  }
  const begun = performance.now();
  seed(join(place.directory, 'data'), plan);
  bench.say(`  seeded ${plan.versions} versions in ${Math.round(performance.now() - begun)} ms`);
  return place;
}
