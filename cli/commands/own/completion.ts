import { completionScript, SHELLS } from '../../grammar/completion.ts';
import { defineCommand, type Command, type Positional } from '../../grammar/command.ts';
import { usage } from '../../exit.ts';
import type { Group } from '../../grammar/tree.ts';

const shell: Positional<(typeof SHELLS)[number]> = {
  help: `The shell: ${SHELLS.join(' or ')}.`,
  choices: SHELLS,
  read([word = '']) {
    const known = SHELLS.find((one) => one === word);
    if (known !== undefined) return known;
    throw usage(`[${word}] is not one of ${SHELLS.join(', ')}`);
  },
};

/** Needs the whole tree, of which it is a part. */
export const completionCommand = (tree: () => Group): Command =>
  defineCommand({
    path: 'completion',
    summary: 'Print a script that completes commands and flags in your shell.',
    examples: [
      { says: 'In bash, for the running shell:', line: 'source <(entrepot completion bash)' },
      { says: 'In zsh, in ~/.zshrc:', line: 'source <(entrepot completion zsh)' },
    ],
    positionals: { shell },
    format: 'text',
    run: (args) => completionScript(tree(), args.shell),
  });
