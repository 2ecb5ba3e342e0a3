import { z } from 'zod';

import { Secret } from '../../observability/secret';

const FORM = 'a text of at least 16 characters, such as `openssl rand -hex 32` makes';

/** A key: text outside, a `Secret` inside. */
export function secretKeySchema() {
  return z
    .codec(z.string(FORM).min(16, FORM), z.instanceof(Secret), {
      decode: (value) => new Secret(value),
      encode: (secret) => secret.reveal(),
    })
    .meta({ secret: true });
}
