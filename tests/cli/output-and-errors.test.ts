import { FreshetError } from '../../src/domain/errors';
import { commandLine } from '../../src/client/command-line';
import { envelope, errorView } from '../../src/client/envelope';
import { errorLines } from '../../src/client/error-lines';
import { execute } from '../../src/client/execute';
import { exitCodeOfError, worstExitCode } from '../../src/client/exit-code';
import { createOutput, type Output } from '../../src/client/output';
import { commandLogStyle } from '../../src/client/project';
import { createProgram } from '../../src/client/program';
import { entityNames } from '../../src/client/run-wishes';
import { textTable } from '../../src/client/text-table';

interface Streams {
  readonly out: Output;
  readonly stdout: string[];
  readonly stderr: string[];
}

interface Surroundings {
  readonly json?: boolean;
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

function streams({ json = false, isTTY = false, env = {} }: Surroundings = {}): Streams {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const stream = (lines: string[]): { isTTY: boolean; write(text: string): void } => ({ isTTY, write: (text) => void lines.push(text) });
  return { out: createOutput({ json, stdout: stream(stdout), stderr: stream(stderr), env }), stdout, stderr };
}

const error = new FreshetError('auth_error', {
  code: 'token-refused',
  message: 'Zoho refuses the login',
  why: 'invalid_code',
  where: 'https://accounts.zoho.com',
  remedy: 'Make a new refresh token.',
  next: [
    { kind: 'run-command', label: 'Try again', command: './freshet run zoho-books' },
    { kind: 'edit-file', label: 'Open .env', file: '.env', line: 3 },
    { kind: 'open-url', label: 'Open the console', url: 'https://api-console.zoho.com' },
  ],
});

describe('an error', () => {
  it('has one form for people', () => {
    expect(errorLines(errorView(error), (_, __, text) => text)).toBe(
      [
        'error token-refused: Zoho refuses the login',
        '  why    invalid_code',
        '  where  https://accounts.zoho.com',
        '  do     Make a new refresh token.',
        '  → ./freshet run zoho-books   Try again',
        '  → .env:3   Open .env',
        '  → https://api-console.zoho.com   Open the console',
      ].join('\n'),
    );
  });

  it('has one form for programs, every key always there', () => {
    expect(
      envelope('run', { exitCode: 1, error: errorView(new FreshetError('file_error', { code: 'x', message: 'm', remedy: 'r' })) }),
    ).toEqual({
      ok: false,
      command: 'run',
      error: { code: 'x', type: 'file_error', message: 'm', why: null, where: null, remedy: 'r', next: [] },
      exit_code: 1,
    });
  });

  it('brings neither secrets nor control characters to the terminal, and keeps the lines of a list of mistakes', () => {
    const view = errorView(new FreshetError('source_error', { code: 'x', message: 'first\n  Bearer abcdefghijkl\u001b[2J', remedy: 'r' }));
    expect(view.message).toBe('first\n  Bearer [secret]\\u001b[2J');
  });

  it('that nobody foresaw says so; its stack comes only with -v', async () => {
    for (const verbose of [0, 1]) {
      const { out, stderr } = streams();
      const code = await execute({ command: 'run', out, verbose }, () => Promise.reject(new TypeError('x is not a function')));
      expect(code).toBe(1);
      expect(stderr.join('')).toContain('error unforeseen: x is not a function');
      expect(/^\s+at /m.test(stderr.join(''))).toBe(verbose > 0);
    }
    expect(errorView(new TypeError('x is not a function'))).toMatchObject({ code: 'unforeseen', remedy: expect.stringContaining('-v') });
  });
});

describe('the two streams', () => {
  it('with --json: one document on stdout and nothing on stderr, also for errors', async () => {
    const { out, stdout, stderr } = streams({ json: true });
    await execute({ command: 'show', out, verbose: 0 }, () => Promise.reject(error));
    expect(stderr).toEqual([]);
    expect(stdout).toHaveLength(1);
    expect(JSON.parse(stdout[0]!)).toMatchObject({ ok: false, command: 'show', error: { code: 'token-refused' } });
  });

  it('without: data on stdout, the error on stderr', async () => {
    const { out, stdout, stderr } = streams();
    await execute({ command: 'run', out, verbose: 0 }, async () => ({ exitCode: 3, text: 'table', error: errorView(error) }));
    expect(stdout).toEqual(['table\n']);
    expect(stderr.join('')).toMatch(/^error token-refused/);
  });

  it('are coloured on a terminal only, and never with NO_COLOR', () => {
    expect(streams({ isTTY: true }).out.paint('note', 'red', 'x')).toBe('\u001b[31mx\u001b[0m');
    expect(streams({ isTTY: true, env: { NO_COLOR: '1' } }).out.paint('note', 'red', 'x')).toBe('x');
    expect(streams({ isTTY: true, env: { TERM: 'dumb' } }).out.paint('note', 'red', 'x')).toBe('x');
    expect(streams().out.paint('data', 'red', 'x')).toBe('x');
  });
});

describe('a narrow terminal', () => {
  const narrow = (): { out: Output; text: () => string } => {
    let text = '';
    const stream = { isTTY: true, columns: 40, write: (more: string) => void (text += more) };
    return { out: createOutput({ json: false, stdout: stream, stderr: stream, env: { NO_COLOR: '1' } }), text: () => text };
  };
  const words = 'all of this is one line that no terminal of forty columns can hold';

  it('gets results and errors broken between words', async () => {
    const { out, text } = narrow();
    await execute({ command: 'run', out, verbose: 0 }, async () => ({ exitCode: 1, text: words, error: errorView(error) }));
    expect(
      Math.max(
        ...text()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(40);
    expect(text()).toContain('all of this is one line that no terminal\n  of forty columns can hold\n');
  });

  it('gets what a shell or a program reads as it is', async () => {
    const { out, text } = narrow();
    await execute({ command: 'completion', out, verbose: 0 }, async () => ({ exitCode: 0, text: words, verbatim: true }));
    expect(text()).toBe(`${words}\n`);
  });
});

describe('warnings of a command', () => {
  const terminal = { isTTY: true };
  it.each([
    ['are plain text in a pipe', 'auto', false, {}, { pretty: true, colour: false }],
    ['are JSON lines beside --json in a pipe', 'auto', true, {}, { pretty: false, colour: false }],
    ['are JSON lines where the settings want them', 'never', false, {}, { pretty: false, colour: false }],
    ['are coloured on a terminal', 'auto', false, terminal, { pretty: true, colour: true }],
    ['are short lines on a terminal, beside --json too', 'auto', true, terminal, { pretty: true, colour: true }],
  ] as const)('%s', (_, wanted, json, stream, style) => {
    expect(commandLogStyle({ wanted, json, stream, env: {} })).toEqual(style);
  });
});

describe('exit codes', () => {
  it.each([
    ['settings-invalid', 'config_error', 2],
    ['pipeline-unknown', 'config_error', 2],
    ['no-worker', 'config_error', 1],
    ['folder-not-writable', 'config_error', 1],
    ['database-unreachable', 'database_error', 1],
    ['token-refused', 'auth_error', 1],
  ] as const)('%s (%s) is %i', (code, type, expected) => {
    expect(exitCodeOfError(new FreshetError(type, { code, message: 'm', remedy: 'r' }))).toBe(expected);
  });

  it('of several runs are as bad as the worst', () => {
    expect([worstExitCode([]), worstExitCode([0, 4]), worstExitCode([4, 3, 0]), worstExitCode([3, 1, 4])]).toEqual([0, 4, 3, 1]);
  });
});

describe('help', () => {
  const help = (words: readonly string[]): string => {
    const { out, stdout } = streams();
    const program = createProgram(out, () => undefined);
    for (const command of program.commands) command.configureOutput({ getOutHelpWidth: () => 200 });
    expect(() => program.parse([...words, '--help'], { from: 'user' })).toThrow(expect.objectContaining({ exitCode: 0 }));
    return stdout.join('');
  };

  it('lists every command and the exit codes', () => {
    const text = help([]);
    for (const command of ['demo', 'up', 'worker', 'run', 'status', 'show', 'cancel', 'verify'])
      expect(text).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    expect(text).toContain('Exit codes: 0 good · 1 failed · 2 wrong use · 3 partial · 4 ran well and found problems');
  });

  it.each(['demo', 'up', 'worker', 'run', 'status', 'show', 'cancel', 'verify'])(
    'of %s shows the flags that all commands have',
    (command) => {
      const text = help([command]);
      for (const flag of ['--json', '--environment <name>', '--config <file>', '--database-url <url>', '-v, --verbose'])
        expect(text).toContain(flag);
    },
  );
});

describe('with --json', () => {
  const document = async (...words: string[]): Promise<unknown> => {
    const { out, stdout, stderr } = streams({ json: true });
    const code = await commandLine([...words, '--json'], out);
    expect({ stderr, documents: stdout.length }).toEqual({ stderr: [], documents: 1 });
    return { ...(JSON.parse(stdout[0]!) as object), code };
  };
  const help = (text: string) => ({
    ok: true,
    command: 'help',
    data: { help: expect.stringContaining(text) as string },
    exit_code: 0,
    code: 0,
  });

  it('the version is one document', async () => {
    expect(await document('--version')).toEqual({
      ...{ ok: true, command: 'version', exit_code: 0, code: 0 },
      data: { version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string },
    });
  });

  it('help is one document: of everything, of a command, of a group, and where nothing else was asked', async () => {
    expect(await document('--help')).toEqual(help('Exit codes:'));
    expect(await document('run', '--help')).toEqual(help('run pipelines now'));
    expect(await document('config', '--help')).toEqual(help('validate'));
    expect(await document('help', 'status')).toEqual(help('every table'));
    expect(await document()).toEqual(help('Exit codes:'));
  });

  it('a word that is no command is an error as ever', async () => {
    expect(await document('statsu', '--bogus')).toMatchObject({ ok: false, error: { code: 'wrong-use' }, exit_code: 2, code: 2 });
  });

  it('and without it, help is text', async () => {
    const { out, stdout } = streams();
    expect(await commandLine(['status', '--help'], out)).toBe(0);
    expect(stdout.join('')).toMatch(/^Usage: freshet status/);
  });
});

describe('what is asked for', () => {
  it('entities may be given with commas, repeatedly, and twice', () => {
    expect(entityNames(['a,b', ' c ', 'a'])).toEqual(['a', 'b', 'c']);
    expect(entityNames(undefined)).toBeUndefined();
    expect(() => entityNames(['a,,b'])).toThrow(expect.objectContaining({ code: 'entity-empty' }));
  });

  it('a table keeps its columns and lets no cell break its line', () => {
    expect(
      textTable(
        [{ title: 'a' }, { title: 'n', right: true }],
        [
          ['x\ny', '1'],
          ['z', '1,000'],
        ],
      ),
    ).toBe('a         n\nx\\ny      1\nz     1,000');
  });
});
