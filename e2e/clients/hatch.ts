import { pythonProgram } from '../harness/run.ts';
import { PIP, pipInstall } from './pip.ts';
import { alone, type PythonClientKind } from './python-client.ts';

const HATCH = pythonProgram('hatch');

/** https://hatch.pypa.io/, and pip to install. */
export const hatch: PythonClientKind = {
  name: 'hatch',
  programs: [HATCH, PIP],
  refusesAgain: /400/,
  open: async (stage) => ({
    publish: ({ folder, files }) =>
      alone(stage, {
        HATCH_INDEX_REPO: stage.url,
        HATCH_INDEX_USER: stage.username,
        HATCH_INDEX_AUTH: stage.password,
      })([HATCH, 'publish', '--no-prompt', ...files], folder),
    install: pipInstall(PIP)(stage),
  }),
};
