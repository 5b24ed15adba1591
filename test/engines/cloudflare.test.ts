import {fetchOrSkip} from '../support/packages.ts';
import {fetchCloudflare, openCloudflare} from './cloudflare/cloudflare-runner.ts';
import {testEngine} from './engine-tests.ts';

const tools = await fetchOrSkip('the tests on the runtime of Cloudflare', fetchCloudflare);
const open = tools === undefined ? undefined : () => openCloudflare(tools);

testEngine('Cloudflare', 'Cloudflare Workflows on the local runtime', open);
