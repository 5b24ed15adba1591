// Password resets over HTTP: start one, ask for its state or follow it, get a message when it has ended.
import {randomUUID} from 'node:crypto';
import {PassThrough} from 'node:stream';
import {type FastifyBaseLogger, type FastifyInstance, fastify} from 'fastify';
import type {OperationEvent, OperationPoller} from 'operation-poller';
import type {GraphClient} from 'operation-poller/graph';
import type {EndedRecord} from 'operation-poller/runner';
import type {TrackedOperation} from 'operation-poller/tracker';
import type {Ends} from './ends.ts';
import {isStandardWebhook} from './signatures.ts';

/** What is stored with an operation: no secrets. */
export interface Reset {
  readonly mail: string;
}

/** The watch, as this service uses it: a tracker, or a queue in its place. */
export interface Resets {
  add(poller: OperationPoller, options: {key: string; data: Reset}): Promise<unknown>;
  get(key: string): Promise<Pick<TrackedOperation, 'id' | 'status' | 'outcome'> | undefined>;
  wake(key: string): Promise<boolean>;
  on(type: '*', listener: (event: OperationEvent & {readonly id: string}) => void): {unsubscribe(): void};
  close(): Promise<void>;
}

/** Opens the watch. */
export type OpenResets = (options: {
  readonly client: GraphClient;
  readonly onEnd: (ended: EndedRecord<Reset>) => Promise<void>;
  readonly onError: (error: Error) => void;
  /** Where the operations are kept. */
  readonly place: string;
}) => Promise<Resets>;

export interface ServiceOptions {
  readonly client: GraphClient;
  readonly openResets: OpenResets;
  readonly place: string;
  readonly ends: Ends;
  /** Sends a message, once for each `id`. */
  readonly notify: (id: string, message: {to: string; text: string}) => Promise<void>;
  readonly webhookSecret: string;
  readonly log: FastifyBaseLogger;
}

const key = {type: 'object', properties: {key: {type: 'string', format: 'uuid'}}};
const started = {
  type: 'object',
  required: ['user', 'mail', 'newPassword'],
  properties: {user: {type: 'string'}, mail: {type: 'string'}, newPassword: {type: 'string'}},
};

export async function createService(options: ServiceOptions): Promise<FastifyInstance> {
  const {client, openResets, place, ends, notify, webhookSecret, log} = options;
  const service = fastify({loggerInstance: log});
  const streams = new Set<PassThrough>();
  const onEnd = async ({id, key, outcome: {status}, data}: EndedRecord<Reset>): Promise<void> => {
    await ends.write(key, {status});
    if (data !== undefined) await notify(id, {to: data.mail, text: `Your password reset: ${status}`});
  };
  const resets = await openResets({client, place, onEnd, onError: (error) => log.warn(error)});

  service.post<{Body: Reset & {user: string; newPassword: string}}>(
    '/resets',
    {schema: {body: started}},
    async ({body: {user, mail, newPassword}}, reply) => {
      const reset = await client.resetPassword(user, {newPassword});
      if (!reset.confirmed) return reply.code(502).send({error: 'accepted, but whether it succeeds is unknown'});
      const id = randomUUID();
      await resets.add(reset.poller, {key: id, data: {mail}});
      return reply.code(202).header('location', `/resets/${id}`).send({id});
    },
  );

  service.get<{Params: {key: string}}>('/resets/:key', {schema: {params: key}}, async ({params}, reply) => {
    // In this order: between the two, it may end and leave the store.
    const reset = await resets.get(params.key);
    const end = await ends.read(params.key);
    const status = end?.status ?? (await reset?.status());
    return status === undefined ? reply.code(404).send({error: 'there is no such reset'}) : {status};
  });

  service.get<{Params: {key: string}}>('/resets/:key/events', {schema: {params: key}}, async ({params}, reply) => {
    const stream = new PassThrough();
    const send = (event: string, data: object): unknown =>
      stream.writable && stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    const reset = await resets.get(params.key);
    const end = await ends.read(params.key);
    if (reset === undefined && end === undefined) return reply.code(404).send({error: 'there is no such reset'});
    if (reset === undefined || end !== undefined) {
      send('end', end ?? {});
      stream.end();
    } else {
      const state = reset.status();
      const {unsubscribe} = resets.on('*', ({id, type, at, operation}) => {
        // What happens while the state is read comes after it.
        if (id === reset.id) void state.then(() => send(type, {at, status: operation?.status})).catch(() => undefined);
      });
      streams.add(stream);
      stream.once('close', () => streams.delete(stream) && unsubscribe());
      send('state', {status: await state});
      void reset.outcome().then(
        ({status}) => {
          send('end', {status});
          stream.end();
        },
        // It cannot be known any more, e.g. because Redis is gone: the client may ask again.
        (error) => {
          log.warn(error);
          stream.end();
        },
      );
    }
    return reply.type('text/event-stream').header('cache-control', 'no-store').send(stream);
  });

  // A hint, and no more: it makes a poll, and what the service answers to that is what counts.
  await service.register(async (webhooks) => {
    webhooks.addContentTypeParser('application/json', {parseAs: 'buffer'}, (_request, body, done) => done(null, body));
    webhooks.post<{Params: {key: string}; Body: Buffer}>('/webhooks/:key', async ({headers, params, body}, reply) => {
      if (!isStandardWebhook(webhookSecret, headers, body)) return reply.code(401).send();
      // A webhook wants its answer at once.
      void resets.wake(params.key).catch((error) => log.warn(error));
      return reply.code(204).send();
    });
  });

  service.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
  });
  // Once the requests under way are answered.
  service.addHook('onClose', () => resets.close());
  return service;
}
