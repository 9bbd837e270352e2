import { pythonProgram } from '../harness/run.ts';
import { PIP, pipInstall } from './pip.ts';
import { alone, type PythonClientKind } from './python-client.ts';

const FLIT = pythonProgram('flit');

/** https://flit.pypa.io/, which builds what it publishes, and pip to install. */
export const flit: PythonClientKind = {
  name: 'flit',
  programs: [FLIT, PIP],
  refusesAgain: /400/,
  open: async (stage) => ({
    publish: ({ folder }) =>
      alone(stage, {
        FLIT_INDEX_URL: stage.url,
        FLIT_USERNAME: stage.username,
        FLIT_PASSWORD: stage.password,
      })([FLIT, 'publish', '--no-use-vcs'], folder),
    install: pipInstall(PIP)(stage),
  }),
};
