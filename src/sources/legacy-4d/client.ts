import { isFreshetError } from '../../domain/errors';
import { joinKey } from '../../domain/ids';
import { systemClock, type Clock } from '../../http/clock';
import type { StageContext } from '../../observability/stage-context';
import { attempts } from '../attempts';
import type { DeletionsAnswer, DetailAnswer, ListAnswer, ListRequest, PagePosition, SourceClient, Survey } from '../source';
import type { Body } from './answer';
import { CATALOG, listCall, recordCall, type KeyForm, type RestCall } from './call';
import { DELETED_RECORDS, GLOBAL_STAMP, keyedClass, readCatalog, type DataClass, type KeyedClass } from './catalog';
import { RestConnection, type Received } from './connection';
import { deletedField, deletionsOf, deletionsQuestion } from './deletions';
import { contradicts, misshapen } from './errors';
import { checkExact, exactFilters, filterQuery, type Condition, type ExactFilter } from './filter';
import { keyOf, keyQuestion, nextKeyPage } from './key-pages';
import { counterOf, readPage, shownCounter, type Page, type Question } from './page';
import { PAGE_SIZE, type Legacy4dSettings } from './settings';
import { nextStampPage, stampQuestion } from './stamp-pages';
import { isTracked, surveyed } from './survey';

const CATALOG_FOR_MS = 3 * 60_000;

interface Asked {
  readonly call: RestCall;
  readonly received: Received;
  readonly page: Page;
}

function pageCall(dataClass: string, { conditions, orderBy, top }: Question, more: readonly Condition[] = []): RestCall {
  return listCall(dataClass, { ...filterQuery([...more, ...conditions]), $orderby: `"${orderBy} asc"`, $top: String(top) });
}

/** Connection to one 4D server: session and limiter are shared with every other one of the process. */
export class Legacy4dClient implements SourceClient {
  readonly #clock: Clock;
  readonly #rest: RestConnection;
  readonly #pageSize: number;
  #keyForm: KeyForm = '()';
  #catalog: { readonly classes: ReadonlyMap<string, DataClass>; readonly until: number } | null = null;

  constructor(settings: Legacy4dSettings) {
    this.#clock = settings.fetchClock ?? systemClock;
    this.#pageSize = settings.pageSize ?? PAGE_SIZE;
    this.#rest = new RestConnection(settings);
  }

  async list(request: ListRequest, ctx: StageContext): Promise<ListAnswer> {
    const dataClass = await this.#class(request.entity, ctx);
    const filters = exactFilters(request.filters, dataClass);
    const { question, next } = pagesOf(dataClass, request, this.#pageSize);
    const call = pageCall(dataClass.name, question, filters);
    return this.#attempts(call, ctx, async () => {
      const { received, page } = await this.#page(call, ctx, question.top);
      checkExact(page.rows, filters);
      const listed = page.rows.length > 0 ? { received, page } : await this.#believed(request, { call, received, page }, filters, ctx);
      const { answer } = listed.received;
      const counter = counterOf(bodyOf(listed.received), listed.page.rows);
      const told = { next: next(listed.page), clock: answer.date, requestDigest: call.digest };
      return { body: answer.body, ...told, ...(counter !== undefined && { counter }) };
    });
  }

  async detail(request: { readonly entity: string; readonly id: string }, ctx: StageContext): Promise<DetailAnswer> {
    const dataClass = await this.#class(request.entity, ctx);
    const key = request.id.replaceAll('%7C', '|').replaceAll('%25', '%');
    const asked = (form: KeyForm): RestCall => recordCall(dataClass.name, { key, isText: dataClass.textKey, form });
    return this.#attempts(asked(this.#keyForm), ctx, async () => {
      const { call, received } = await this.#record(asked, ctx);
      const { answer, verdict } = received;
      const shared = { clock: answer.date, requestDigest: call.digest };
      if (verdict.kind === 'absent') return { found: false, ...shared };
      const what = this.#rest.what(call);
      if (keyOf(verdict.body, dataClass, what) !== key) throw misshapen(what, 'another record came than the one asked for');
      return { found: true, body: answer.body, ...shared };
    });
  }

  /** The stamp of a deletion is 4D's counter just before it: a record with a greater stamp was saved after it. */
  async deletions(
    request: { readonly entity: string; readonly from: string | null; readonly position: PagePosition | null },
    ctx: StageContext,
  ): Promise<DeletionsAnswer> {
    const dataClass = await this.#class(request.entity, ctx);
    const bounds = { from: request.from, to: null };
    const question = deletionsQuestion(dataClass.name, bounds, { position: request.position, top: this.#pageSize });
    const call = pageCall(DELETED_RECORDS, question);
    return this.#attempts(call, ctx, async () => {
      const { received, page } = await this.#page(call, ctx, question.top);
      const found = deletionsOf(page, dataClass.name);
      const deletions = found.map(({ key, stamp }) => ({ id: joinKey([key]), stamp }));
      const next = nextStampPage(deletedField, bounds, request.position, page);
      return { deletions, counterAtMost: shownCounter(bodyOf(received)), next, requestDigest: call.digest };
    });
  }

  /** The counter is what the database has given out to changes of all its tables; it never runs ahead of that. */
  async survey(request: { readonly entity: string }, ctx: StageContext): Promise<Survey> {
    const dataClass = await this.#class(request.entity, ctx);
    const feed = this.#catalog?.classes.has(DELETED_RECORDS) ?? false;
    const definition = surveyed(dataClass, feed, this.#pageSize);
    if (!isTracked(dataClass)) return { definition, counter: null, counterAtMost: null };
    // The newest record: where the server keeps its counter to itself, that one's stamp is the greatest known.
    const call = listCall(dataClass.name, { $orderby: `"${GLOBAL_STAMP} desc"`, $top: '1' });
    return this.#attempts(call, ctx, async () => {
      const { received, page } = await this.#page(call, ctx, 1);
      const newest = page.rows[0]?.[GLOBAL_STAMP];
      const body = bodyOf(received);
      const counter = counterOf(body, page.rows) ?? (Number.isSafeInteger(newest) ? String(newest) : '0');
      return { definition, counter, counterAtMost: shownCounter(body) };
    });
  }

  close(): Promise<void> {
    return this.#rest.close();
  }

  #attempts<T>(call: RestCall, ctx: StageContext, attempt: () => Promise<T>): Promise<T> {
    return attempts(this.#rest.what(call), attempt, { ctx, clock: this.#clock });
  }

  /** One record; a server that does not understand how its key is written is asked in the other way, from then on. */
  async #record(asked: (form: KeyForm) => RestCall, ctx: StageContext): Promise<{ call: RestCall; received: Received }> {
    const call = asked(this.#keyForm);
    try {
      return { call, received: await this.#rest.get(call, ctx) };
    } catch (error) {
      if (!isFreshetError(error) || error.code !== 'legacy-4d-url-wrong' || this.#keyForm === '[]') throw error;
      const other = asked('[]');
      const received = await this.#rest.get(other, ctx).catch((second: unknown) => {
        throw ctx.signal.aborted ? second : error;
      });
      this.#keyForm = '[]';
      return { call: other, received };
    }
  }

  async #page(call: RestCall, ctx: StageContext, top: number): Promise<Asked> {
    const received = await this.#rest.get(call, ctx);
    return { call, received, page: readPage(bodyOf(received, this.#rest.what(call)), { top, what: this.#rest.what(call) }) };
  }

  /**
   * An empty page where the one before told of more records: the rest may have been deleted meanwhile, or the server does not look. It is
   * asked again, and then for any record at all: one that has none, after it sent some, is not believed.
   */
  async #believed(request: ListRequest, empty: Asked, filters: readonly ExactFilter[], ctx: StageContext): Promise<Asked> {
    if (!Number(request.position?.['left'] ?? 0)) return empty;
    const again = await this.#page(empty.call, ctx, this.#pageSize);
    checkExact(again.page.rows, filters);
    if (again.page.rows.length > 0) return again;
    const any = await this.#page(listCall(request.entity, { ...filterQuery(filters), $top: '1' }), ctx, 1);
    if (any.page.rows.length > 0) return again;
    throw contradicts(this.#rest.what(empty.call), 'no records came where more were announced, and none at all when asked for any');
  }

  /** The dataclass as the server describes it; one that is unknown is looked for again before it is said to be missing. */
  async #class(name: string, ctx: StageContext): Promise<KeyedClass> {
    const known = this.#catalog;
    if (known !== null && known.until > this.#clock.monotonic() && known.classes.has(name))
      return keyedClass(known.classes, name, this.#rest.host);
    return this.#attempts(CATALOG, ctx, async () => {
      const what = this.#rest.what(CATALOG);
      const classes = readCatalog(bodyOf(await this.#rest.get(CATALOG, ctx), what), what);
      this.#catalog = { classes, until: this.#clock.monotonic() + CATALOG_FOR_MS };
      return keyedClass(classes, name, this.#rest.host);
    });
  }
}

/** A complete read pages by key, one with bounds by stamp. */
function pagesOf(
  dataClass: KeyedClass,
  { position, from, to }: ListRequest,
  top: number,
): { question: Question; next: (page: Page) => PagePosition | null } {
  if (from === null && to === null) {
    return { question: keyQuestion(dataClass, position, top), next: (page) => nextKeyPage(dataClass, position, page) };
  }
  const field = { ...dataClass, stampAttribute: GLOBAL_STAMP };
  return {
    question: stampQuestion(field, { from, to }, { position, top }),
    next: (page) => nextStampPage(field, { from, to }, position, page),
  };
}

/** The body of an answer that says something; `absent` is no word about a list. */
function bodyOf({ verdict }: Received, what = 'The answer'): Body {
  if (verdict.kind === 'good') return verdict.body;
  throw misshapen(what, 'it says that a record does not exist where none was named');
}
