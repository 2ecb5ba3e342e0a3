import type { JsonObject } from '../json-text';
import { instantText } from './instants';
import { STREAMS } from './world';
import type { SquareWorld } from './world';

interface Place {
  readonly name: string;
  readonly country: string;
  readonly currency: string;
  readonly timezone: string;
  readonly language: string;
  readonly locality: string;
}

/** One after the other, from the start again; the yen has no minor unit. */
const PLACES: readonly Place[] = [
  { name: 'Main', country: 'US', currency: 'USD', timezone: 'America/Los_Angeles', language: 'en-US', locality: 'Oakland' },
  { name: '渋谷店', country: 'JP', currency: 'JPY', timezone: 'Asia/Tokyo', language: 'ja-JP', locality: '渋谷区' },
  { name: 'Dún Laoghaire', country: 'IE', currency: 'EUR', timezone: 'Europe/Dublin', language: 'en-IE', locality: 'Dublin' },
  { name: 'Camden "Lock"', country: 'GB', currency: 'GBP', timezone: 'Europe/London', language: 'en-GB', locality: 'London' },
  { name: 'Montréal', country: 'CA', currency: 'CAD', timezone: 'America/Toronto', language: 'fr-CA', locality: 'Montréal' },
];

const OPENED = Date.parse('2016-09-19T17:33:12Z') * 1000;
const DAY = 86_400_000_000;

function place(index: number): Place {
  return PLACES[index % PLACES.length] as Place;
}

export function currencyOf(index: number): string {
  return place(index).currency;
}

/** Every seventh location is closed; its orders remain. */
export function locationFields(world: SquareWorld, index: number): JsonObject {
  const { name, country, currency, timezone, language, locality } = place(index);
  const round = Math.floor(index / PLACES.length);
  return {
    id: world.ids.locations.encode(index),
    name: round === 0 ? name : `${name} ${round + 1}`,
    address: {
      address_line_1: `${1 + (world.hash(STREAMS.locations, index, 1) % 400)} Peachtree St`,
      locality,
      postal_code: '94588',
      country,
    },
    timezone,
    capabilities: ['CREDIT_CARD_PROCESSING', 'AUTOMATIC_TRANSFERS'],
    status: index % 7 === 6 ? 'INACTIVE' : 'ACTIVE',
    created_at: instantText(OPENED + index * DAY, index % 2 === 0 ? 0 : 3),
    merchant_id: world.merchantId,
    country,
    language_code: language,
    currency,
    business_name: 'Jet Fuel Coffee',
    type: index % 5 === 4 ? 'MOBILE' : 'PHYSICAL',
    coordinates: { latitude: 33.7889 + index, longitude: -84.3841 },
    mcc: '7299',
  };
}
