import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pythonProgram } from '../harness/run.ts';
import { alone, type PythonClientKind } from './python-client.ts';

const POETRY = pythonProgram('poetry');

/** https://python-poetry.org/docs/ */
export const poetry: PythonClientKind = {
  name: 'poetry',
  programs: [POETRY],
  refusesAgain: /HTTP Error 400[\s\S]*File already exists/,
  open: async (stage) => {
    const program = alone(stage, {
      POETRY_REPOSITORIES_OURS_URL: stage.url,
      POETRY_HTTP_BASIC_OURS_USERNAME: stage.username,
      POETRY_HTTP_BASIC_OURS_PASSWORD: stage.password,
      POETRY_VIRTUALENVS_IN_PROJECT: 'true',
      POETRY_NO_INTERACTION: '1',
      PYTHON_KEYRING_BACKEND: 'keyring.backends.null.Keyring',
    });
    return {
      publish: ({ folder }) =>
        program([POETRY, 'publish', '--repository', 'ours', '--dist-dir', 'dist'], folder),
      async install(requirements) {
        const project = join(stage.directory, `project-${crypto.randomUUID().slice(0, 8)}`);
        await mkdir(project);
        await Bun.write(
          join(project, 'pyproject.toml'),
          [
            '[project]',
            'name = "application"',
            'version = "1.0"',
            'requires-python = ">=3.9"',
            'dependencies = []',
            '[tool.poetry]',
            'package-mode = false',
            '[[tool.poetry.source]]',
            'name = "ours"',
            `url = "${stage.url}simple/"`,
            'priority = "primary"',
            '',
          ].join('\n'),
        );
        await program([POETRY, 'add', ...requirements], project);
        const [folder = ''] = await Array.fromAsync(
          new Bun.Glob('.venv/lib/python*/site-packages').scan({ cwd: project, onlyFiles: false, dot: true }),
        );
        return join(project, folder);
      },
    };
  },
};
