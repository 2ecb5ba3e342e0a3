import { randomUUID } from 'node:crypto';
import { isFreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import type { Clock } from './clock';
import type { Account, BlockTold, CallTold, RequestBudget } from './request-budget';

/** Requests of a block. */
const BLOCK = 10;
/** So few left, the next block is asked for. */
const LOW = 3;
/** Requests of a block begin within this time; then the rest is given back. */
const FRESH_MS = 5_000;
/** How often a block that is out is told of: the budget takes it for lost after three times this. */
const TELL_EVERY_MS = 5_000;
const LONGEST_RETRY_MS = 5_000;
const SHORTEST_RETRY_MS = 50;
/** Where the budget stays out of reach, what is not told by then runs out by itself. */
const TELLINGS = 12;

/** What the audit says of a request, as its answer tells it. */
export interface CallNote<T> {
  readonly what: string;
  readonly status: (answer: T) => number;
}

interface Block {
  readonly id: string;
  /** May still begin. */
  left: number;
  begun: number;
  /** Under way. */
  out: number;
  readonly freshUntil: number;
  lastEnd: number;
}

type Call = Omit<CallTold, 'ago_ms'> & { readonly startedAt: number };

/** How a request ended: with an answer of this status, or with an error. */
type Outcome = { readonly status: number } | { readonly error: unknown };

/** One request that may be made now. */
export interface Permit {
  /** It is over, with this answer or this error. */
  end(outcome: Outcome, what: string): void;
}

export interface LeasesOptions {
  readonly account: Account;
  readonly budget: RequestBudget;
  readonly clock: Clock;
  readonly limit: () => number;
  /** How many requests wait for their turn. */
  readonly queued: () => number;
  /** There may be permits now. */
  readonly changed: () => void;
  /** There are none, and asking for them failed. */
  readonly failed: (error: Error) => void;
}

type Asker = Pick<StageContext, 'fault' | 'about'>;

/** The blocks of requests that this process holds of a budget that it shares with others (decision 0017). */
export class RequestLeases {
  readonly #options: LeasesOptions;
  readonly #clock: Clock;
  readonly #blocks = new Map<string, Block>();
  /** Of blocks that may have been granted without our hearing of it. */
  #unheard: BlockTold[] = [];
  #calls: Call[] = [];
  #busy: Promise<void> | null = null;
  #retryAt = 0;
  #failures = 0;
  #timer: AbortController | null = null;
  #asker: Asker | null = null;
  /** Somebody asked and got nothing. */
  #starved = false;
  #closed = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** A permit where one is left. Otherwise `null`; then one is asked for, and `changed` or `failed` follows. */
  take(asker: Asker): Permit | null {
    this.#asker = asker;
    this.#closed = false;
    const now = this.#clock.monotonic();
    const block = [...this.#blocks.values()].find(({ left, freshUntil }) => left > 0 && freshUntil > now);
    this.#starved = block === undefined;
    if (block !== undefined) {
      block.left -= 1;
      block.begun += 1;
      block.out += 1;
    }
    const n = block?.begun ?? 0;
    if (this.#ready(now) < LOW && this.#busy === null && now >= this.#retryAt) void this.#exchange(BLOCK);
    if (block === undefined) return null;
    const made = { block, n, asker, startedAt: now };
    return { end: (outcome, what) => this.#end(made, outcome, what) };
  }

  /** Gives back what is left and writes what was called; what is under way is told of by nobody any more and runs out. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.abort();
    this.#timer = null;
    await this.#busy;
    for (const block of this.#blocks.values()) block.left = 0;
    if (!this.#idle()) await this.#exchange(0);
    if (this.#options.queued() > 0) this.#options.changed();
  }

  /** Writes what was called until now. What fails is told with the next exchange. */
  async tell(): Promise<void> {
    if (this.#calls.length === 0) return;
    await this.#busy;
    if (this.#calls.length > 0 && this.#busy === null) await this.#exchange(0);
  }

  #ready(now: number): number {
    return [...this.#blocks.values()].reduce((sum, { left, freshUntil }) => sum + (freshUntil > now ? left : 0), 0);
  }

  #end({ block, n, asker, startedAt }: { block: Block; n: number; asker: Asker; startedAt: number }, outcome: Outcome, what: string): void {
    block.out -= 1;
    block.lastEnd = this.#clock.monotonic();
    this.#calls.push({
      block: block.id,
      n,
      what,
      startedAt,
      run_id: asker.about?.runId ?? null,
      entity: asker.about?.entity ?? null,
      ms: Math.round(block.lastEnd - startedAt),
      status: 'status' in outcome ? outcome.status : null,
      error: 'status' in outcome ? null : isFreshetError(outcome.error) ? outcome.error.code : 'unexpected',
    });
  }

  /** One exchange at a time; its errors go to those who wait, if nothing is left for them. */
  #exchange(want: number): Promise<void> {
    this.#busy = this.#exchanged(want).finally(() => {
      this.#busy = null;
      if (!this.#closed) this.#options.changed();
      this.#tellLater();
    });
    return this.#busy;
  }

  async #exchanged(want: number): Promise<void> {
    const { account, budget, limit } = this.#options;
    const asked = this.#clock.monotonic();
    const block = randomUUID();
    const [told, unheard, calls] = [this.#told(asked), this.#unheard, this.#calls];
    [this.#unheard, this.#calls] = [[], []];
    const sent = {
      limit: limit(),
      block,
      want,
      queued: Math.max(0, this.#options.queued() - this.#ready(asked)),
      told: [...told, ...unheard],
      calls: calls.map((call) => toldCall(call, asked)),
    };
    try {
      const { granted, retryMs } = await budget.exchange(account, sent, { fault: (site) => this.#asker?.fault(site) });
      this.#failures = 0;
      if (granted > 0) {
        this.#starved = false;
        this.#blocks.set(block, { id: block, left: granted, begun: 0, out: 0, freshUntil: asked + FRESH_MS, lastEnd: asked });
      } else if (want > 0) {
        this.#retryAt = this.#clock.monotonic() + Math.min(Math.max(retryMs, SHORTEST_RETRY_MS), LONGEST_RETRY_MS);
      }
      for (const { block: id, leased } of told) if (leased === 0) this.#blocks.delete(id);
    } catch (error) {
      this.#failures += 1;
      this.#unheard = [...unheard, ...this.#unheard, ...(want > 0 ? [{ block, used: 0, leased: 0, ago_ms: 0 }] : [])];
      this.#calls = [...calls, ...this.#calls];
      if (this.#ready(this.#clock.monotonic()) === 0) this.#options.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** How every block stands; what may no longer begin is given back. */
  #told(now: number): BlockTold[] {
    return [...this.#blocks.values()].map((block) => {
      if (block.freshUntil <= now) block.left = 0;
      return { block: block.id, used: block.begun - block.out, leased: block.left + block.out, ago_ms: Math.floor(now - block.lastEnd) };
    });
  }

  #idle(): boolean {
    return this.#blocks.size === 0 && this.#calls.length === 0 && this.#unheard.length === 0;
  }

  /** In a while, unless somebody asks for more before; at the time that was given where somebody waits. */
  #tellLater(): void {
    this.#timer?.abort();
    this.#timer = null;
    const starved = (): boolean => this.#starved && this.#options.queued() > 0;
    if (this.#closed || this.#busy !== null || (this.#idle() && !starved())) return;
    if (this.#failures >= TELLINGS) return this.#forget();
    const timer = new AbortController();
    this.#timer = timer;
    const inMs = starved() ? Math.max(0, this.#retryAt - this.#clock.monotonic()) : TELL_EVERY_MS;
    this.#clock.sleep(inMs, timer.signal).then(
      () => {
        if (this.#timer === timer && this.#busy === null) void this.#exchange(starved() ? BLOCK : 0);
      },
      () => undefined,
    );
  }

  #forget(): void {
    this.#blocks.clear();
    [this.#unheard, this.#calls, this.#failures] = [[], [], 0];
  }
}

function toldCall({ startedAt, ...call }: Call, now: number): CallTold {
  return { ...call, ago_ms: Math.floor(now - startedAt) };
}
