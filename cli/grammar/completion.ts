import { flagsAt, spellings } from './parse.ts';
import type { Group } from './tree.ts';

export const SHELLS = ['bash', 'zsh'] as const;

/** A script that knows every word and flag, so that completing starts no program. */
export function completionScript(root: Group, shell: (typeof SHELLS)[number]): string {
  const start = shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : '';
  const cases = [...candidates(root)].map(
    ([path, words]) => `    '${path}') words='${words.join(' ')}' ;;\n`,
  );
  return `${start}_entrepot() {
  local path='' word words='' index
  local current="\${COMP_WORDS[COMP_CWORD]}"
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in
      -*) continue ;;
      *) if [ -n "$(_entrepot_words "$path $word")" ]; then path="$path $word"; fi ;;
    esac
  done
  COMPREPLY=($(compgen -W "$(_entrepot_words "$path")" -- "$current"))
}
_entrepot_words() {
  local words=''
  case "$1" in
${cases.join('')}  esac
  echo "$words"
}
complete -o default -F _entrepot entrepot
`;
}

/** For each path from the root, with a space in front of every word: what may follow. */
function* candidates(group: Group): Generator<readonly [string, readonly string[]]> {
  const here = group.words.map((word) => ` ${word}`).join('');
  const commands = [...group.commands].filter(([, { hidden }]) => !hidden);
  const globals = visible(group);
  yield [here, [...group.groups.keys(), ...commands.map(([word]) => word), ...globals]];
  for (const [, sub] of group.groups) yield* candidates(sub);
  for (const [word, command] of commands) {
    const choices = Object.values(command.positionals).flatMap((positional) => positional.choices ?? []);
    yield [`${here} ${word}`, [...choices, ...visible(command)]];
  }
}

const visible = (at: Parameters<typeof flagsAt>[0]): readonly string[] =>
  Object.entries(flagsAt(at)).flatMap(([key, flag]) => (flag.hidden ? [] : spellings(key, flag).slice(0, 1)));
