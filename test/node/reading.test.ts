// The same behaviours with the lean transport.
import {leanHttp} from '../../src/node/index.ts';
import {carryBy} from '../support/behaviours.ts';

carryBy(leanHttp, 'node/index.js');
await import('../behaviours/reading.test.ts');
