import { FORMATS } from './command.ts';
import { COMMON_OPTIONS, GROUPS } from './program.ts';
import type { Command, Option } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A place in the command tree, and what may come next there. */
interface Place {
  /** The words before, such as `schema`; empty at the top. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly about: string }[];
}

/** A script for the shell, made from the command tree: nothing is asked of the program while somebody types. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const places = placesOf(commands);
  switch (shell) {
    case 'bash':
      return bash(places);
    case 'zsh':
      return zsh(places);
    case 'fish':
      return fish(places);
  }
}

function placesOf(commands: readonly Command[]): Place[] {
  const words = new Map<string, Map<string, string>>([['', new Map()]]);
  for (const command of commands) {
    for (const name of [command.path, ...aliasPaths(command)]) {
      addPath(words, name, command.summary);
      words.set(name, new Map(optionWords(command)));
    }
  }
  return [...words].map(([path, next]) => ({
    path,
    words: [...next].map(([word, about]) => ({ word, about })),
  }));
}

function aliasPaths({ path, aliases = [] }: Command): string[] {
  const group = path.split(' ').slice(0, -1);
  return aliases.map((alias) => [...group, alias].join(' '));
}

function addPath(words: Map<string, Map<string, string>>, path: string, summary: string): void {
  const steps = path.split(' ');
  for (const [index, step] of steps.entries()) {
    const above = steps.slice(0, index).join(' ');
    const next = words.get(above) ?? new Map<string, string>();
    const about = GROUPS[steps.slice(0, index + 1).join(' ')] ?? summary;
    if (!next.has(step)) next.set(step, about);
    words.set(above, next);
  }
}

function optionWords(command: Command): [string, string][] {
  const options: readonly Option[] = [...(command.options ?? []), ...COMMON_OPTIONS];
  const formats = command.reports === true ? FORMATS : FORMATS.slice(0, 2);
  return [
    ...options.map(({ flags, about }): [string, string] => [flags.split(' ')[0] ?? '', about]),
    ['--format', formats.join(', ')],
    ['--help', 'show how it is called'],
  ];
}

function bash(places: readonly Place[]): string {
  const cases = places.map(
    ({ path, words }) =>
      `    ${quoted(path)}) words=${quoted(words.map(({ word }) => word).join(' '))} ;;`,
  );
  return `# bash completion of concord
_concord() {
  local place='' word words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -* ]] && break
    place="\${place:+$place }$word"
  done
  case "$place" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _concord concord
`;
}

function zsh(places: readonly Place[]): string {
  const cases = places.map(({ path, words }) => {
    const described = words.map(({ word, about }) => quoted(`${word}:${about}`)).join(' ');
    return `    ${quoted(path)}) words_here=(${described}) ;;`;
  });
  return `#compdef concord
_concord() {
  local place='' word
  local -a words_here
  for word in "\${words[@]:1:$((CURRENT - 2))}"; do
    [[ $word == -* ]] && break
    place="\${place:+$place }$word"
  done
  case "$place" in
${cases.join('\n')}
  esac
  _describe 'concord' words_here || _files
}
if [[ $funcstack[1] == _concord ]]; then _concord; else compdef _concord concord; fi
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words }) =>
    words.map(({ word, about }) => {
      const condition = `-n ${quoted(`test (__concord_place) = ${JSON.stringify(path)}`)}`;
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${quoted(word)}`;
      return `complete -c concord ${condition} ${what} -d ${quoted(about)}`;
    }),
  );
  return `# fish completion of concord
function __concord_place
  set -l place
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and break
    set -a place $word
  end
  echo "$place"
end
complete -c concord -n 'not string match -q -- "-*" (commandline -ct)' -f
${lines.join('\n')}
`;
}

/** A word for a shell, as it is; each of the three takes `'\\''` for a quote. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
