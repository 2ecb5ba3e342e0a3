import { cursorOf, type ListedRow } from '../../src/extract/listed-row';
import { isFreshetError } from '../../src/domain/errors';
import { parseInstant } from '../../src/domain/instant';
import { isJsonObject, parseExact } from '../../src/json/decode';
import type { ListAnswer, ListRequest } from '../../src/sources/source';
import { rowsOf as rowsIn } from './rows-of';
import { testContext } from '../http/test-context';
import type { CommonFault, OpenSubject, Subject } from './subject';

/** Silence is noticed soon; a busy machine must not be taken for a silent one. */
export const TIMEOUTS = { headers: 700, body: 700 };

const PAGE = 8;
const RECORDS = 20;
const PASSING: readonly CommonFault[] = [
  'unavailable',
  'html instead of data',
  'another shape',
  'cut text',
  'not UTF-8',
  'cut compression',
  'too long a length',
  'too short a length',
  'no answer, connection gone',
  'half an answer, connection gone',
  'silence',
  'silence in mid-answer',
];
const ANSWERED_BADLY = new Set(['source_error', 'transient_error']);

export interface Contract {
  readonly name: string;
  /** Of the source's times without offset. */
  readonly zone: string;
  /** What its stand-in cannot play. */
  readonly without?: readonly CommonFault[];
  readonly open: OpenSubject;
}

/** Follows a list that shows the same page again and again, for as long as the extract stage would. */
async function turned(
  list: (request: ListRequest) => Promise<ListAnswer>,
  whole: ListRequest,
  idsOf: (answers: readonly ListAnswer[]) => readonly string[],
): Promise<void> {
  let before = '';
  for (let at = whole, n = 0; n < 12; n++) {
    const answer = await list(at);
    const ids = idsOf([answer]).join();
    if (ids === before && ids !== '') throw new Error('the extract stage sees the same page twice');
    if (answer.next === null) return;
    before = ids;
    at = { ...at, position: answer.next };
  }
  throw new Error('no end');
}

/** What every source that freshet reads must do, whoever wrote its client. */
export function contractSuite({ name, zone, without = [], open }: Contract): void {
  const passing = PASSING.filter((fault) => !without.includes(fault));
  let subject: Subject;
  const opened = async (records = RECORDS): Promise<Subject> => (subject = await open({ records, pageSize: PAGE }));
  const rowsOf = (answer: ListAnswer): readonly ListedRow[] => rowsIn(answer, { definition: subject.definition, zone });
  const idsOf = (answers: readonly ListAnswer[]): string[] => answers.flatMap((answer) => rowsOf(answer).map(({ id }) => id));

  async function pages(request: ListRequest): Promise<ListAnswer[]> {
    const answers: ListAnswer[] = [];
    for (let at: ListRequest = request; answers.length < 50;) {
      const answer = await subject.client.list(at, testContext());
      answers.push(answer);
      if (answer.next === null) return answers;
      at = { ...at, position: answer.next };
    }
    throw new Error('the list has no end');
  }

  const failure = async (ask: Promise<unknown>): Promise<unknown> =>
    ask.then(
      () => 'it was answered',
      (error: unknown) => error,
    );
  const askOnce = (signal?: AbortSignal): Promise<ListAnswer> =>
    subject.client.list(subject.whole, testContext(signal === undefined ? {} : { signal }));

  describe(`the source contract, kept by ${name}`, () => {
    afterEach(() => subject.close());

    describe('a whole list', () => {
      it.each([0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE])('of %i records is every record, each at least once', async (records) => {
        await opened(records);
        expect([...new Set(idsOf(await pages(subject.whole)))].sort()).toEqual([...subject.truth()].sort());
      });

      it('goes on from every page as it did the first time', async () => {
        await opened();
        const first = await pages(subject.whole);
        const positions = [null, ...first.flatMap(({ next }) => (next === null ? [] : [next]))];
        for (const [index, position] of positions.entries()) {
          const again = await subject.client.list({ ...subject.whole, position }, testContext());
          expect(idsOf([again])).toEqual(idsOf([first[index]!]));
          expect(again.next === null).toBe(first[index]!.next === null);
        }
      });

      it('has positions that are small and survive being stored', async () => {
        await opened();
        for (const { next } of await pages(subject.whole)) {
          const text = JSON.stringify(next);
          expect(text.length).toBeLessThan(2_000);
          expect(JSON.parse(text)).toEqual(next);
        }
      });

      it('has a key and, where the source has cursors, a cursor that can be read, in every record', async () => {
        await opened();
        for (const answer of await pages(subject.whole)) {
          for (const { offset, length, id } of rowsOf(answer)) {
            const record = parseExact(answer.body.subarray(offset, offset + length).toString());
            expect(id).not.toBe('');
            if (!isJsonObject(record) || subject.definition.cursor === null) continue;
            expect(cursorOf(record, subject.definition, zone).cursorSort).not.toBeNull();
          }
        }
      });

      it('tells the source’s clock, or its counter', async () => {
        await opened();
        const { clock, counter } = await askOnce();
        if (counter === undefined) expect(parseInstant(clock ?? '')).not.toBeNull();
        else expect(counter).toMatch(/^\d+$/);
      });

      it('shows a record that was made, edited or removed as it is then', async () => {
        await opened();
        subject.pass(60_000);
        const made = subject.create();
        const [gone] = subject.truth();
        subject.remove?.(gone!);
        const ids = new Set(idsOf(await pages(subject.whole)));
        expect(ids.has(made)).toBe(true);
        if (subject.remove !== null) expect(ids.has(gone!)).toBe(false);
      });
    });

    describe('what changed', () => {
      const greatest = async (): Promise<ListedRow | null> => {
        const rows = (await pages(subject.whole)).flatMap(rowsOf).filter(({ cursorSort }) => cursorSort !== null);
        return rows.reduce<ListedRow | null>((top, row) => (top === null || row.cursorSort! > top.cursorSort! ? row : top), null);
      };

      it('since a record’s own cursor brings that record', async () => {
        await opened();
        const top = await greatest();
        const request = top === null ? null : subject.changedSince(subject.boundOf(top.cursorSort!));
        if (request === null) return expect(subject.definition.incremental).toBe(false);
        expect(idsOf(await pages(request))).toContain(top!.id);
      });

      it('brings edits and new records, and not what is older than the bound', async () => {
        await opened();
        const top = await greatest();
        subject.pass(60_000);
        const edited = subject.truth().find((id) => id !== top?.id)!;
        subject.edit(edited);
        const made = subject.create();
        const request = top === null ? null : subject.changedSince(subject.boundOf(top.cursorSort! + 1n));
        if (request === null) return expect(subject.definition.incremental).toBe(false);
        const ids = idsOf(await pages(request));
        expect(ids).toEqual(expect.arrayContaining([edited, made]));
        expect(ids.length).toBeLessThan(RECORDS);
      });

      it('brings nothing, or the overlap, when nothing changed', async () => {
        await opened();
        const top = await greatest();
        const request = top === null ? null : subject.changedSince(subject.boundOf(top.cursorSort!));
        if (request === null) return expect(subject.definition.incremental).toBe(false);
        expect(idsOf(await pages(request)).length).toBeLessThan(RECORDS);
      });
    });

    describe('a deletion', () => {
      it('is seen in the way that the definition says', async () => {
        await opened();
        const [gone] = subject.truth();
        if (subject.remove === null) return expect(subject.definition.deletes).toEqual({ kind: 'never' });
        const { deletes } = subject.definition;
        subject.pass(60_000);
        subject.remove(gone!);
        if (deletes.kind === 'feed') {
          const told = await subject.client.deletions!({ entity: subject.whole.entity, from: null, position: null }, testContext());
          expect(told.deletions.map(({ id }) => id)).toContain(gone);
        }
        expect(idsOf(await pages(subject.whole))).not.toContain(gone);
      });

      it('is confirmed by a look-up where the definition promises one', async () => {
        await opened();
        const [gone, living] = subject.truth();
        const { deletes, detail } = subject.definition;
        const promised = detail !== null || (deletes.kind === 'sweep' && deletes.confirmByDetail);
        if (!promised || subject.remove === null) return;
        subject.remove(gone!);
        const { entity } = subject.whole;
        expect((await subject.client.detail({ entity, id: gone! }, testContext())).found).toBe(false);
        expect((await subject.client.detail({ entity, id: living! }, testContext())).found).toBe(true);
      });
    });

    describe('a trouble', () => {
      it.each(passing)('(%s) that passes is tried again, and the list is whole', async (fault) => {
        await opened();
        subject.fault(fault, { times: 1 });
        expect([...new Set(idsOf(await pages(subject.whole)))].sort()).toEqual([...subject.truth()].sort());
      });

      it.each(passing)('(%s) that stays is told as one, never as an empty list', async (fault) => {
        await opened();
        subject.fault(fault, {});
        const error = await failure(pages(subject.whole));
        expect(isFreshetError(error) && ANSWERED_BADLY.has(error.type)).toBe(true);
        expect(isFreshetError(error) && error.remedy.length > 10).toBe(true);
      });

      it('of the connection (redirects without end) is told', async () => {
        await opened();
        subject.fault('redirects without end', {});
        expect(isFreshetError(await failure(askOnce()))).toBe(true);
      });

      it('(a slow line) is sat out', async () => {
        await opened(1);
        subject.fault('one byte after another', { times: 1 });
        expect(idsOf(await pages(subject.whole))).toEqual([...subject.truth()]);
      });

      const hasSamePage = !without.includes('the same page again');
      if (hasSamePage)
        it('(the same page again and again) has an end', async () => {
          await opened();
          subject.fault('the same page again', {});
          const error = await failure(turned((request) => subject.client.list(request, testContext()), subject.whole, idsOf));
          expect(String(error)).not.toBe('Error: no end');
        });

      it('(the login or token is no longer good) heals by itself, or is told with the way out', async () => {
        await opened();
        await askOnce();
        const heals = subject.expire();
        const outcome = await failure(askOnce());
        if (heals) expect(outcome).toBe('it was answered');
        else expect(outcome).toMatchObject({ type: 'auth_error' });
      });

      it('is told without any secret, in the error and in the log', async () => {
        await opened();
        subject.fault('html instead of data', {});
        const ctx = testContext();
        const error = await failure(subject.client.list(subject.whole, ctx));
        const told = JSON.stringify([
          error,
          isFreshetError(error) ? [error.message, error.why, error.remedy, error.facts] : null,
          ctx.lines,
        ]);
        for (const secret of subject.secrets) expect(told).not.toContain(secret);
      });
    });

    describe('a request', () => {
      it('ends within a second when it is cancelled', async () => {
        await opened();
        subject.fault('silence', {});
        const before = subject.asked();
        const cancel = new AbortController();
        const ended = failure(askOnce(cancel.signal));
        while (subject.asked() === before) await new Promise((resolve) => setTimeout(resolve, 5));
        const began = performance.now();
        cancel.abort();
        expect(await ended).toMatchObject({ type: 'cancelled' });
        expect(performance.now() - began).toBeLessThan(1_000);
      });

      it('is not sent when it was cancelled before', async () => {
        await opened();
        const cancel = new AbortController();
        cancel.abort();
        expect(await failure(askOnce(cancel.signal))).toMatchObject({ type: 'cancelled' });
        expect(subject.asked()).toBe(0);
      });

      it('has the same digest for the same question, another one for another page, and no secret in it', async () => {
        await opened();
        const [first, second] = await pages(subject.whole);
        const again = await askOnce();
        expect(again.requestDigest).toBe(first!.requestDigest);
        if (second !== undefined) expect(second.requestDigest).not.toBe(first!.requestDigest);
        for (const secret of subject.secrets) expect(first!.requestDigest).not.toContain(secret);
      });

      it('is one a page: nothing is asked twice', async () => {
        await opened();
        const { length } = await pages(subject.whole);
        expect(subject.asked()).toBe(length);
      });

      it('with a filter that the source does not have is refused, not ignored', async () => {
        await opened();
        expect(await failure(subject.client.list({ ...subject.whole, filters: subject.wrongFilter }, testContext()))).toMatchObject({
          type: 'config_error',
        });
      });

      it('for an entity that the source does not have is refused with what there is', async () => {
        await opened();
        expect(await failure(subject.client.list({ ...subject.whole, entity: 'nothing_of_the_kind' }, testContext()))).toMatchObject({
          type: 'config_error',
          remedy: expect.stringMatching(/\w/) as string,
        });
      });

      it('may be one of many at once', async () => {
        await opened();
        const all = await Promise.all(Array.from({ length: 6 }, () => askOnce()));
        expect(new Set(all.map((answer) => idsOf([answer]).join())).size).toBe(1);
      });
    });
  });
}
