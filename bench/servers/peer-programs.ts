import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where install-peers.sh puts what no package manager of the system has. */
const PEERS = process.env['ENTREPOT_PEERS'] ?? join(homedir(), '.cache', 'entrepot-peers');

/** Programs of peers by their paths; a path where nothing is means that the peer is missing. */
export const peerProgram = (name: 'zot' | 'zb' | 'athens'): string => join(PEERS, 'bin', name);
export const pythonPeer = (environment: 'pypiserver' | 'devpi', name: string): string =>
  join(PEERS, 'python', environment, 'bin', name);
