import { CliError } from '../../exit.ts';
import { any, defineCommand, type Command } from '../../grammar/command.ts';
import { helpText } from '../../grammar/help.ts';
import { nearest } from '../../grammar/nearest.ts';
import { everyPath, lookUp, type Group } from '../../grammar/tree.ts';
import { TOPICS } from '../../topics.ts';

/** Needs the whole tree, of which it is a part. */
export const helpCommand = (tree: () => Group): Command =>
  defineCommand({
    path: 'help',
    summary: `Show help for a command, or about ${Object.keys(TOPICS).join(', ')}.`,
    positionals: { words: any('A command, or a topic.') },
    format: 'text',
    run({ words }) {
      const topic = words.length === 1 ? TOPICS[words[0] ?? ''] : undefined;
      if (topic !== undefined) return topic();
      const node = lookUp(tree(), words);
      if (node !== undefined) return helpText(node);
      const meant = nearest(words.join(' '), [...everyPath(tree()), ...Object.keys(TOPICS)]);
      const advice = meant === undefined ? 'see "entrepot help"' : `did you mean "entrepot help ${meant}"?`;
      throw new CliError('usage', `there is no command or topic "${words.join(' ')}"; ${advice}`);
    },
  });
