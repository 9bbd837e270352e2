import { join } from 'node:path';
import { pythonProgram } from '../harness/run.ts';
import { alone, indexUrl, type PythonClientKind } from './python-client.ts';

const UV = pythonProgram('uv');

/** https://docs.astral.sh/uv/ */
export const uv: PythonClientKind = {
  name: 'uv',
  programs: [UV],
  refusesAgain: /File already exists/,
  open: async (stage) => {
    const program = alone(stage, { UV_PYTHON_DOWNLOADS: 'never', UV_NO_CONFIG: '1' });
    return {
      publish: ({ files }) =>
        program([
          UV,
          'publish',
          '--publish-url',
          stage.url,
          '--username',
          stage.username,
          '--password',
          stage.password,
          '--trusted-publishing',
          'never',
          ...files,
        ]),
      async install(requirements) {
        const into = join(stage.directory, `installed-${crypto.randomUUID().slice(0, 8)}`);
        await program([
          UV,
          'pip',
          'install',
          '--target',
          into,
          '--index-url',
          indexUrl(stage),
          '--only-binary',
          ':all:',
          ...requirements,
        ]);
        return into;
      },
    };
  },
};
