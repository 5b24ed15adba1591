// A queue on Azure Storage Queue: a message holds a record, and its visibility timeout is both the lease and the wait.
import {setTimeout as sleep} from 'node:timers/promises';
import type {DequeuedMessageItem, QueueClient} from '@azure/storage-queue';
import {dueAtOf, type OperationRecord, RecordRefusedError, type TurnOptions, takeTurn} from 'operation-poller/runner';

// As Base64: a message travels in XML, which cannot hold all the characters that JSON can.
const write = (record: OperationRecord): string => Buffer.from(JSON.stringify(record)).toString('base64');

const sevenDays = 7 * 24 * 3600;

/** Whole seconds, rounded up so that no turn comes too early. A turn after seven days finds that it has to wait on. */
const secondsUntil = (time: number, now: number): number =>
  Math.min(Math.max(Math.ceil((time - now) / 1000), 0), sevenDays);

export async function add(queue: QueueClient, record: OperationRecord): Promise<void> {
  const visibilityTimeout = secondsUntil(dueAtOf(record), Date.now());
  // Without -1 the message, and the operation with it, would be gone after seven days.
  await queue.sendMessage(write(record), {visibilityTimeout, messageTimeToLive: -1});
}

/** Takes the turns that are due, several at once, until the signal aborts. */
export async function work<Data, Result = unknown>(
  queue: QueueClient,
  poison: QueueClient,
  options: TurnOptions<Data, Result>,
  {
    lease = 60_000,
    concurrency = 32,
    pause = 1000,
    clock = Date.now,
    onError = (error: unknown) => console.error(error),
  } = {},
): Promise<void> {
  let active = 0;
  const take = async ({messageId, popReceipt, messageText}: DequeuedMessageItem): Promise<void> => {
    try {
      const record: OperationRecord<Data> = JSON.parse(Buffer.from(messageText, 'base64').toString());
      const turn = await takeTurn(record, options, clock());
      if (turn.error !== undefined) onError(turn.error);
      // Once its lease has run out, somebody else has received the message, and the pop receipt is refused.
      if ('done' in turn) await queue.deleteMessage(messageId, popReceipt);
      else await queue.updateMessage(messageId, popReceipt, write(turn.record), secondsUntil(turn.dueAt, clock()));
    } catch (error) {
      // What is not set aside comes again when its lease has run out.
      onError(error);
      const isPoison =
        error instanceof SyntaxError || (error instanceof RecordRefusedError && error.reason === 'invalidRecord');
      if (!isPoison) return;
      await poison.sendMessage(messageText, {messageTimeToLive: -1});
      await queue.deleteMessage(messageId, popReceipt);
    }
  };
  while (options.signal?.aborted !== true) {
    const wanted = {numberOfMessages: Math.min(concurrency - active, 32), visibilityTimeout: Math.ceil(lease / 1000)};
    const received = wanted.numberOfMessages > 0 ? await queue.receiveMessages(wanted).catch(onError) : undefined;
    for (const message of received?.receivedMessageItems ?? []) {
      active += 1;
      void take(message)
        .catch(onError)
        .finally(() => {
          active -= 1;
        });
    }
    if (!received?.receivedMessageItems.length) await sleep(pause);
  }
}
