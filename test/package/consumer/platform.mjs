// A user's program, the same on every JavaScript runtime: watches the operations whose locations it is told and prints what
// it saw. Besides the library it needs arguments and a console.
import process from 'node:process';
import {
  OperationFailedError,
  pollOperation,
  resumeOperation,
  schedules,
  UnreachableError,
  WatchAbortedError,
} from 'operation-poller';

const locations = JSON.parse(process.argv[2]);
const retry = {retries: 1, minTimeout: 1, maxTimeout: 1};
const options = {token: 'test-token', schedule: schedules.fixed(1), retry, consecutiveFailures: 1};

/** How watching ends that does not end well. */
const trouble = async (poller) => {
  try {
    return await poller.result();
  } catch (error) {
    return error;
  }
};

/** Its class, as a user asks for it. */
const classOf = (error) =>
  [OperationFailedError, UnreachableError, WatchAbortedError].find((Class) => error instanceof Class)?.name;

const poller = pollOperation(locations.ends, options);
const emitted = [];
poller.on('*', (event) => emitted.push(event.type === 'retrying' ? `retrying: ${event.error.kind}` : event.type));
const iterated = [];
for await (const {status} of poller) iterated.push(status);
const {statusDetail} = await poller.result();

const {status: moved} = await pollOperation(locations.moves, options).result();

const stopping = new AbortController();
const slow = {...options, schedule: schedules.fixed(300), signal: stopping.signal};
const stoppable = pollOperation(locations.stops, slow);
await stoppable.waitFor('running');
stopping.abort('enough');
const stop = await trouble(stoppable);
const {status: resumed} = await resumeOperation(JSON.stringify(stop.resumeToken), options).result();

const failure = await trouble(pollOperation(locations.fails, options));
const loss = await trouble(pollOperation(locations.resets, options));
const delay = await trouble(pollOperation(locations.hangs, {...options, requestTimeout: 1000}));

console.log(
  JSON.stringify({
    emitted,
    iterated,
    statusDetail,
    moved,
    stopped: {class: classOf(stop), cause: stop.cause, status: stop.operation?.status},
    resumed,
    failed: {class: classOf(failure), statusDetail: failure.operation?.statusDetail},
    lost: {class: classOf(loss), cause: loss.cause?.kind},
    late: {class: classOf(delay), cause: delay.cause?.kind},
  }),
);
