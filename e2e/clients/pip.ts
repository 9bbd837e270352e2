import { join } from 'node:path';
import { pythonProgram } from '../harness/run.ts';
import { alone, indexUrl, type PythonClient, type PythonStage } from './python-client.ts';

/** How pip installs; it publishes nothing. */
export const pipInstall =
  (program: string) =>
  (stage: PythonStage): PythonClient['install'] =>
  async (requirements) => {
    const into = join(stage.directory, `installed-${crypto.randomUUID().slice(0, 8)}`);
    const flags = ['--isolated', 'install', '--no-cache-dir', '--only-binary', ':all:', '--target', into];
    await alone(stage)([program, ...flags, '--index-url', indexUrl(stage), ...requirements]);
    return into;
  };

export const PIP = pythonProgram('pip');
/** Of Debian 12. */
export const OLD_PIP = pythonProgram('old-pip', 'pip');
