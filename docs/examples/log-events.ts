import type {OperationPoller} from 'operation-poller';
import type {Logger} from 'pino';

/** Writes each event of a poller to a log, field by field: an operation's `raw` may contain what no log should. */
export function logEvents(poller: OperationPoller, log: Logger): void {
  poller.on('*', (event) => {
    const {type, attempt, answer} = event;
    const facts = {event: type, attempt, httpStatus: answer?.httpStatus, requestId: answer?.requestId};
    switch (event.type) {
      case 'polled':
        return log.trace(facts);
      case 'waiting':
        return log.debug({...facts, delay: event.delay, because: event.because});
      case 'retrying':
        return log.warn({...facts, delay: event.delay, error: event.error.kind});
      case 'failed':
        return log.error(facts);
      case 'abandoned':
        return log.error({...facts, reason: event.reason});
      default:
        return log.info(facts);
    }
  });
}
