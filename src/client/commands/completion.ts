import type { Command } from 'commander';
import { chosenWords } from '../chosen-words';
import { completionScript, SHELLS, type Shell } from '../completion/scripts';
import { completionWords } from '../completion/words';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';

/** `freshet completion <shell>`: prints the script that lets a shell complete commands, options and pipelines. */
export function completion(shell: string, program: Command): CommandResult {
  const [chosen = 'bash'] = chosenWords({ flag: 'completion', given: [shell], allowed: SHELLS }) as Shell[];
  const script = completionScript(chosen, completionWords(program));
  return { exitCode: EXIT.good, data: { shell: chosen, script }, text: script, verbatim: true };
}
