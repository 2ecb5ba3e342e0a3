import type { Readable } from 'node:stream';

/**
 * Calls `gone` when whoever started us has ended, however it ended: its end of our stdin closes. Only where the variable
 * FRESHET_PARENT_PIPE says `stdin`; a worker of its own keeps its stdin to itself. Returns what ends the watch.
 */
export function watchParent(variables: Readonly<Record<string, string | undefined>>, stdin: Readable, gone: () => void): () => void {
  if (variables['FRESHET_PARENT_PIPE'] !== 'stdin') return () => undefined;
  stdin.once('end', gone).once('error', gone).resume();
  return () => {
    stdin.off('end', gone).off('error', gone).pause();
  };
}
