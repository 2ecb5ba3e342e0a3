import { z } from 'zod';

import { Secret } from '../../observability/secret';

const FORM = 'an http or https URL such as https://hooks.example.com/T000/B000';

/** Sentences and log lines name places by host and path: the path must be known as a secret by itself. */
function secretAddress(value: string): Secret {
  const { pathname, search } = new URL(value);
  if (pathname.length > 1) void new Secret(pathname);
  if (search.length > 1) void new Secret(search);
  return new Secret(value);
}

/** Where alarms are posted: text outside, a `Secret` inside, because the path of most such addresses is their password. */
export function webhookUrlSchema() {
  const text = z.string(FORM).refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), FORM);
  return z.codec(text, z.instanceof(Secret), { decode: secretAddress, encode: (secret) => secret.reveal() }).meta({ secret: true });
}
