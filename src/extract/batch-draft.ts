import { isFreshetError } from '../domain/errors';
import type { Draft, LandingStore, StoredFile } from '../landing/landing-store';

/** What stands between the records of two pages. */
export const SEPARATOR = ',\n';

const BETWEEN = Buffer.from(SEPARATOR);
const END = Buffer.from(']\n');

interface Place {
  readonly landing: Pick<LandingStore, 'draft'>;
  readonly key: string;
  /** What the disk says to it. */
  readonly onTrouble: (why: string) => void;
}

/**
 * The file of the batch that an attempt is filling: each page is added to it while the next one is asked for, so that a batch that fits into one
 * attempt is whole when its last page is. It only saves time: where it is not usable, the batch is written from the files of its pages.
 */
export class BatchDraft {
  private state: 'empty' | 'open' | 'over' = 'empty';
  private draft: Draft | null = null;
  private readonly files: string[] = [];
  /** What is being added; fails by a mistake of ours only, which whoever comes next hears. */
  private adding: Promise<void> = Promise.resolve();

  constructor(private readonly place: Place) {}

  /** Adds a page (a JSON array) by the name of its file. Resolves when the page before it is durable: no more than two are in memory. */
  async add(file: string, page: Buffer): Promise<void> {
    await this.adding;
    if (this.state === 'over') return;
    this.files.push(file);
    this.adding = this.tryTo((draft) => this.append(draft, page)).then(() => undefined);
    // Nobody waits for it yet.
    this.adding.catch(() => undefined);
  }

  /** The published file, where it holds these very pages; `null`: it does not. */
  async publish(key: string, files: readonly string[]): Promise<StoredFile | null> {
    await this.adding;
    const whole = this.state === 'open' && files.length === this.files.length && files.every((file, n) => file === this.files[n]);
    if (!whole) return null;
    const stored = await this.tryTo(async (draft) => {
      await draft.append(END);
      return draft.publish(key);
    });
    this.state = 'over';
    return stored;
  }

  /** Nobody fills it any more. */
  async end(): Promise<void> {
    await this.adding;
    if (this.state === 'open') await this.draft?.discard();
    this.state = 'over';
  }

  private async append(draft: Draft, page: Buffer): Promise<void> {
    const first = this.files.length === 1;
    await (first ? draft.append(page.subarray(0, -1)) : draft.append(BETWEEN, page.subarray(1, -1)));
  }

  private async tryTo<T>(body: (draft: Draft) => Promise<T>): Promise<T | null> {
    try {
      this.draft ??= await this.place.landing.draft(this.place.key);
      this.state = 'open';
      return await body(this.draft);
    } catch (error) {
      await this.draft?.discard();
      this.state = 'over';
      if (!isFreshetError(error)) throw error;
      this.place.onTrouble(error.message);
      return null;
    }
  }
}
