// The emulator's console from an installed package: says what the page lacks, and whether each module of its import map is served.
import {startGraphEmulator} from 'operation-poller/testing';

const emulator = await startGraphEmulator({console: true});
const html = await (await fetch(emulator.console)).text();
const {imports} = JSON.parse(/<script type="importmap">(.*?)<\/script>/.exec(html)[1]);
const [, script] = /<script type="module" src="(.*?)">/.exec(html);
const statuses = {};
for (const [name, path] of Object.entries({...imports, page: script})) {
  statuses[name] = (await fetch(new URL(path, emulator.root))).status;
}
await emulator.stop();
console.log(JSON.stringify({problems: html.match(/role="alert"/g) ?? [], statuses}));
