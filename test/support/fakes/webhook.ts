import type { Clock } from '../../../src/incident/clock.ts';
import { type Api, type Fake, startFake } from './fake-server.ts';

export type WebhookOperation = 'notify' | 'look';

export interface WebhookFake extends Fake<WebhookOperation> {
  readonly url: string;
  /** What the product would show its users, oldest first. */
  readonly messages: readonly Readonly<Record<string, unknown>>[];
}

export const WEBHOOK_TOKEN = 'invented-webhook-token';

/** A team's own webhook: takes any JSON, knows one token, and drops nothing that comes twice. */
export async function startWebhook({ clock }: { readonly clock: Clock }): Promise<WebhookFake> {
  const own: Api = { basePath: '', description: undefined };
  const messages: Readonly<Record<string, unknown>>[] = [];
  const fake = await startFake<WebhookOperation>({
    name: 'Webhook', clock,
    routes: {
      notify: {
        api: own, on: 'POST /notifications',
        handle: ({ body }) => {
          messages.push(body);
          return { status: 202, body: { accepted: true } };
        },
      },
      // Like most, it is made for POST only.
      look: { api: own, on: 'HEAD /notifications', handle: () => ({ status: 405 }) },
    },
    guard: ({ headers }) => (headers.authorization === `Bearer ${WEBHOOK_TOKEN}` ? undefined : { status: 401, body: { message: 'Unknown token' } }),
    rateLimited: (retryAfterS) => ({ status: 429, headers: { 'retry-after': String(retryAfterS) }, body: { message: 'Too many requests' } }),
  });
  return { ...fake, url: `${fake.origin}/notifications`, messages };
}
