import { minute } from './minute';
import type { WaitingNotices } from '../notify/webhook';
import { counted } from '../report/words';
import { shown } from './output';

/** What `freshness --alert` found, booked and sent. */
export interface Alerted {
  /** Everything that is wrong now, told before or not. */
  readonly open: readonly { readonly class: string; readonly message: string; readonly remedy: string; readonly raised_at: string }[];
  readonly raised: number;
  readonly resolved: number;
  readonly sent: number;
  /** What the webhook has not got yet, with the reason and what to do; `null`: nothing waits. */
  readonly waiting: (WaitingNotices & { readonly why: string; readonly remedy: string }) | null;
}

/** Why notices wait and what to do, in words. */
export function withReason(notices: WaitingNotices | null, webhookIsSet: boolean): Alerted['waiting'] {
  if (notices === null) return null;
  if (!webhookIsSet) {
    const remedy = 'Set FRESHET_ALERTS_WEBHOOK_URL (alerts.webhook_url) again; what still holds is sent then.';
    return { ...notices, why: 'no webhook is set any more', remedy };
  }
  return {
    ...notices,
    why: notices.last_error ?? 'they were not tried yet',
    remedy: `Nothing is lost: the monitor, or this command, tries again from ${minute(notices.next_try_at)} UTC on. Until it gets through, check the address in FRESHET_ALERTS_WEBHOOK_URL (alerts.webhook_url) and the server behind it.`,
  };
}

/** The open alarms with their remedies, what went out, and what did not. */
export function alarmsText({ open, sent, waiting }: Alerted): string {
  const alarms = open.map(({ class: kind, message, remedy }) => `${kind}: ${message}\n  → ${remedy}`);
  return [
    ...(alarms.length === 0 ? ['No alarm.'] : alarms),
    ...(sent === 0 ? [] : [`${sent} sent to the webhook.`]),
    ...(waiting === null ? [] : [waitingText(waiting)]),
  ].join('\n');
}

function waitingText({ count, since, why, remedy }: NonNullable<Alerted['waiting']>): string {
  const waits = count === 1 ? 'waits' : 'wait';
  return `${counted(count, 'notice')} ${waits} to be sent since ${minute(since)} UTC: ${shown(why)}\n  → ${remedy}`;
}
