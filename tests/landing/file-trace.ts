import files, { type FileHandle } from 'node:fs/promises';

/** What the file adapter asked of the system, in order: `open`, `write`, `sync`, `datasync` with the path, `rename` with the new one. */
export interface FileTrace {
  readonly calls: readonly string[];
  stop(): void;
}

export interface TraceOptions {
  /** How many bytes of a write the disk takes, and says so. */
  readonly takes?: (bytes: number) => number;
  /** Bytes that the disk takes of each write although it says it took all. */
  readonly keeps?: number;
  /** The errno code by which a `sync` or a `rename` of this path fails. */
  readonly fails?: (call: string) => string | undefined;
}

type Handle = FileHandle;
type Write = (this: Handle, chunk: Uint8Array, offset: number, length: number) => Promise<{ bytesWritten: number }>;
type Call = (...args: never[]) => Promise<unknown>;

/** Listens at the real calls of `node:fs/promises`: they are carried out, or cut short where a test wants a disk that is full. */
export async function traceFiles(options: TraceOptions = {}): Promise<FileTrace> {
  const calls: string[] = [];
  const paths = new WeakMap<object, string>();
  const stops: (() => void)[] = [];
  const replace = (owner: object, name: string, make: (real: Call) => unknown): void => {
    const at = owner as Record<string, Call>;
    const real = at[name]!;
    at[name] = make(real) as Call;
    stops.push(() => (at[name] = real));
  };
  const probe = await files.open(__filename, 'r');
  const handles = Object.getPrototypeOf(probe) as object;
  await probe.close();
  replace(files, 'open', (real) => async (...args: never[]) => {
    const handle = (await real(...args)) as Handle;
    paths.set(handle, String(args[0]));
    calls.push(`open ${String(args[0])}`);
    return handle;
  });
  const note = (call: string): void => {
    calls.push(call);
    const code = options.fails?.(call);
    if (code !== undefined) throw Object.assign(new Error(`${code}: refused by the test, ${call}`), { code });
  };
  replace(files, 'rename', (real) => async (...args: never[]) => {
    note(`rename ${String(args[1])}`);
    await real(...args);
  });
  for (const name of ['sync', 'datasync'])
    replace(
      handles,
      name,
      (real) =>
        async function (this: Handle) {
          note(`${name} ${paths.get(this) ?? '?'}`);
          return (real as (this: Handle) => Promise<void>).call(this);
        },
    );
  replace(
    handles,
    'write',
    (real) =>
      async function (this: Handle, chunk: Uint8Array, offset: number, length: number) {
        calls.push(`write ${paths.get(this) ?? '?'}`);
        const taken = Math.min(length, options.keeps ?? options.takes?.(length) ?? length);
        const { bytesWritten } = await (real as unknown as Write).call(this, chunk, offset, taken);
        return { bytesWritten: options.keeps === undefined ? bytesWritten : length, buffer: chunk };
      },
  );
  return { calls, stop: () => stops.splice(0).forEach((stop) => stop()) };
}
