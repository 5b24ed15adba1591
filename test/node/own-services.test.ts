// The same behaviours with the lean transport.
import {leanHttp} from '../../src/node/index.ts';
import {switchTransport} from '../support/behaviours.ts';

switchTransport(leanHttp, 'node/index.js');
await import('../behaviours/own-services.test.ts');
