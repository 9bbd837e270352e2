import { describe, expect, it } from 'bun:test';
import { root } from '../commands/index.ts';
import { completionScript } from './completion.ts';

/** What bash offers after the words of `line`, the last of which is being typed. */
async function offered(line: string): Promise<readonly string[]> {
  const words = line.split(' ');
  const script = `${completionScript(root(), 'bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _entrepot; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const bash = Bun.spawn(['bash', '-c', script, 'bash', ...words], { stdout: 'pipe', stderr: 'inherit' });
  return (await bash.stdout.text()).trim().split('\n');
}

describe('completion in bash', () => {
  it.each([
    ['entrepot arti', ['artifacts']],
    ['entrepot artifacts docker ', expect.arrayContaining(['images', 'tags', '--project'])],
    ['entrepot artifacts repositories c', ['create']],
    ['entrepot --project p artifacts repositories c', ['create']],
    ['entrepot artifacts repositories create x --immutable-tags', ['--immutable-tags']],
    ['entrepot artifacts repositories create x --immutable-tag-', ['--immutable-tag-patterns']],
    ['entrepot artifacts repositories list --so', ['--sort-by']],
    ['entrepot completion z', ['zsh']],
    ['entrepot nonsense-', ['']],
  ])('%j offers %j', async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });
});

it('zsh reads the same script', () => {
  expect(completionScript(root(), 'zsh')).toStartWith('autoload -U +X bashcompinit && bashcompinit\n');
});
