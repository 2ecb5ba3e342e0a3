import { z } from 'zod';

import { Secret } from '../../observability/secret';

const FORM = 'an http or https URL such as https://hooks.example.com/T000/B000';

/** Where alarms are posted: text outside, a `Secret` inside, because the path of most such addresses is their password. */
export function webhookUrlSchema() {
  const text = z.string(FORM).refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), FORM);
  return z
    .codec(text, z.instanceof(Secret), { decode: (value) => new Secret(value), encode: (secret) => secret.reveal() })
    .meta({ secret: true });
}
