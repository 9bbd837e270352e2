import { type Candidate, unlessInstalled } from '../scenario.ts';
import { type DistributionAuth, startDistribution } from './distribution.ts';
import { type Entrepot, entrepotMissing, startEntrepot } from './entrepot.ts';
import { peerProgram } from './peer-programs.ts';
import type { Place, Registry } from './server.ts';
import { startZot } from './zot.ts';

/** The registries that take part in a scenario, each a candidate that starts in `place`. */

export const entrepot = (place: Place): Candidate<Entrepot> => ({
  name: 'entrepot',
  missing: entrepotMissing(),
  start: () => startEntrepot(place),
});

export const distribution = (place: Place, auth: DistributionAuth = 'token'): Candidate<Registry> => ({
  name: 'distribution',
  missing: unlessInstalled('docker-registry'),
  start: () => startDistribution(place, auth),
});

export const zot = (place: Place): Candidate<Registry> => ({
  name: 'zot',
  missing: unlessInstalled(peerProgram('zot')),
  start: () => startZot(place, peerProgram('zot')),
});
