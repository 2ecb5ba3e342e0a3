import { FreshetError } from '../domain/errors';
import { printable } from '../observability/printable';
import type { PagePosition } from './source';

/** The page that a position asks for; pages are numbered from 1. */
export function pageOf(position: PagePosition | null): number {
  const page = position?.['page'];
  return typeof page === 'number' ? page : 1;
}

export interface NumberedPage {
  readonly page: number;
  readonly pageSize: number;
  /** Records on this page. */
  readonly records: number;
  /** What the source says about further pages. */
  readonly more: boolean;
  readonly what: string;
}

/**
 * Where a list paged by number goes on. A full page that the source calls the last one is followed by one more request all the
 * same (contracts §2): a "no more" beside a full page is the one lie that would lose rows silently.
 */
export function nextNumberedPage({ page, pageSize, records, more, what }: NumberedPage): PagePosition | null {
  if (more && records === 0) {
    throw new FreshetError('source_error', {
      code: 'page-contradicts-itself',
      message: `${printable(what)}: page ${page} holds no records, yet says that more pages follow`,
      remedy: 'freshet asks again; if it stays, report it to the support of the service: the list cannot be read whole.',
      where: what,
      facts: { page },
    });
  }
  return more || records >= pageSize ? { page: page + 1 } : null;
}
