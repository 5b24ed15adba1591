// Whether a webhook comes from whom it says: the signatures of two schemes, over the body as it was sent.
import {createHmac, timingSafeEqual} from 'node:crypto';
import type {IncomingHttpHeaders} from 'node:http';

/** How old a signed request may be, in seconds. */
const tolerance = 300;

/** Standard Webhooks, as Svix, OpenAI and Replicate sign: https://www.standardwebhooks.com. The secret begins with `whsec_`. */
export function isStandardWebhook(secret: string, headers: IncomingHttpHeaders, body: Buffer): boolean {
  const {'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signatures} = headers;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64');
  return (
    isRecent(time) &&
    String(signatures)
      .split(' ')
      .some((each) => isEqual(each, `v1,${mac}`))
  );
}

/** Stripe: https://docs.stripe.com/webhooks/signature. */
export function isStripeWebhook(secret: string, headers: IncomingHttpHeaders, body: Buffer): boolean {
  const fields = String(headers['stripe-signature']).split(',');
  const time = fields.find((field) => field.startsWith('t='))?.slice(2);
  const mac = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
  return isRecent(time) && fields.some((each) => isEqual(each, `v1=${mac}`));
}

function isRecent(time: unknown): boolean {
  return Math.abs(Date.now() / 1000 - Number(time)) <= tolerance;
}

// In constant time, so that nobody can guess it byte by byte.
function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
