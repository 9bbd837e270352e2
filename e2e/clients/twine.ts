import { pythonProgram } from '../harness/run.ts';
import { OLD_PIP, PIP, pipInstall } from './pip.ts';
import { alone, type PythonClient, type PythonClientKind, type PythonStage } from './python-client.ts';

const TWINE = pythonProgram('twine');

const publishing =
  (stage: PythonStage, ...flags: readonly string[]): PythonClient['publish'] =>
  ({ files }) =>
    alone(stage, {
      TWINE_USERNAME: stage.username,
      TWINE_PASSWORD: stage.password,
      // Lines are broken at the width of the terminal.
      COLUMNS: '1000',
    })([
      TWINE,
      'upload',
      ...flags,
      '--non-interactive',
      '--disable-progress-bar',
      '--repository-url',
      stage.url,
      ...files,
    ]);

/** https://twine.readthedocs.io/, and pip to install. */
export const twine: PythonClientKind = {
  name: 'twine and pip',
  programs: [TWINE, PIP],
  refusesAgain: /400 Bad Request/,
  open: async (stage) => ({ publish: publishing(stage), install: pipInstall(PIP)(stage) }),
};

/** Shows what the server says, and not only the status. */
export const verboseTwine: PythonClientKind = {
  name: 'twine that tells all, and an old pip',
  programs: [TWINE, OLD_PIP],
  refusesAgain: /File already exists: again_\S+ is here with other bytes/,
  open: async (stage) => ({
    publish: publishing(stage, '--verbose'),
    install: pipInstall(OLD_PIP)(stage),
  }),
};
