import type { CompletionWords } from './words';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The completion script of a shell, made from the program's own commands. */
export function completionScript(shell: Shell, all: readonly CompletionWords[]): string {
  return shell === 'bash' ? bash(all) : shell === 'zsh' ? zsh(all) : fish(all);
}

const PIPELINES =
  '_freshet_pipelines() { local f; for f in config/pipelines/*.yaml; do [ -e "$f" ] && f=${f##*/} && echo "${f%.yaml}"; done; }';

/** `at` becomes the command typed so far; options and arguments are passed over. (In zsh `path` and `words` belong to the shell.) */
const walk = (all: readonly CompletionWords[]): string[] => [
  '    case "$at $word" in',
  ...all
    .filter(({ path }) => path !== '')
    .map(({ path }) => `      ${quoted(path.includes(' ') ? path : ` ${path}`)}) at=${quoted(path)} ;;`),
  '    esac',
];

const candidates = (all: readonly CompletionWords[]): string[] => [
  '  case "$at" in',
  ...all.map(({ path, commands, options, takesPipelines }) => {
    const words = [...commands, ...options.map(({ flag }) => flag)].join(' ');
    return `    ${quoted(path)}) offer="${words}${takesPipelines ? ' $(_freshet_pipelines)' : ''}" ;;`;
  }),
  '  esac',
  '  case "$prev" in',
  '    --pipeline) offer=$(_freshet_pipelines) ;;',
  '    --environment) offer="development test staging production" ;;',
  '  esac',
];

function bash(all: readonly CompletionWords[]): string {
  return [
    '# Completion of freshet for bash. In ~/.bashrc: source <(./freshet completion bash)',
    PIPELINES,
    '_freshet() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= offer= word i',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    word=${COMP_WORDS[i]}',
    ...walk(all),
    '  done',
    ...candidates(all),
    '  COMPREPLY=($(compgen -W "$offer" -- "$cur"))',
    '}',
    'complete -o default -F _freshet freshet ./freshet',
    '',
  ].join('\n');
}

function zsh(all: readonly CompletionWords[]): string {
  return [
    '#compdef freshet',
    '# Completion of freshet for zsh. In ~/.zshrc, behind compinit: source <(./freshet completion zsh)',
    PIPELINES,
    '_freshet() {',
    '  local cur=${words[CURRENT]} prev=${words[CURRENT-1]} at= offer= word typed=("${words[@]:1:$((CURRENT-2))}")',
    '  for word in "${typed[@]}"; do',
    ...walk(all),
    '  done',
    ...candidates(all),
    '  compadd -- ${=offer}',
    '}',
    'compdef _freshet freshet ./freshet',
    '',
  ].join('\n');
}

function fish(all: readonly CompletionWords[]): string {
  const lines = all.flatMap(({ path, commands, options, takesPipelines }) => {
    const at = `complete -c freshet -n ${quoted(`__freshet_at ${quoted(path)}`)}`;
    const describe = (name: string): string => all.find((words) => words.path === `${path} ${name}`.trim())?.description ?? '';
    return [
      ...commands.map((name) => `${at} -a ${name} -d ${quoted(describe(name))}`),
      ...options.map(
        ({ flag, description, takesValue }) => `${at} -l ${flag.slice(2)}${takesValue ? ' -r' : ''} -d ${quoted(description)}`,
      ),
      ...(takesPipelines ? [`${at} -a '(__freshet_pipelines)'`] : []),
    ];
  });
  return [
    '# Completion of freshet for fish: ./freshet completion fish > ~/.config/fish/completions/freshet.fish',
    'function __freshet_pipelines',
    "  for f in config/pipelines/*.yaml; string replace -r '.*/(.*)\\.yaml$' '$1' -- $f; end",
    'end',
    'function __freshet_at',
    '  set -l path ""',
    '  for word in (commandline -opc)[2..-1]',
    '    switch "$path $word"',
    ...all
      .filter(({ path }) => path !== '')
      .map(({ path }) => `      case ${quoted(path.includes(' ') ? path : ` ${path}`)}; set path ${quoted(path)}`),
    '    end',
    '  end',
    '  test "$path" = "$argv[1]"',
    'end',
    'complete -c freshet -f',
    ...lines,
    '',
  ].join('\n');
}

/** In single quotes for every shell; inside them a quote is written '\'' (and fish reads the same). */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
