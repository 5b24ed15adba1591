// A drive copy: started on Graph with a token, watched on another host that must not get one.
import {protocols, schedules} from 'operation-poller';
import {createGraphClient} from 'operation-poller/graph';
import {startGraphEmulator} from 'operation-poller/testing';

// Stand-ins for Microsoft Graph and for the SharePoint host with the monitor URL, which rejects any token with 401.
await using service = await startGraphEmulator({token: 'an-access-token'});
await using foreign = await startGraphEmulator();
const monitor = foreign.addOperation({
  path: '/monitor/4A3407B5',
  version: false,
  bearer: false,
  query: 'tempauth=a-signature',
  script: [
    {http: 202, status: 'inProgress', percentageComplete: 40},
    {http: 303, redirect: `${service.root}/v1.0/drives/d/items/copy`, status: 'completed'},
  ],
});
service.addStart({path: '/drives/d/items/i/copy', answer: {location: monitor.location}});

const graph = createGraphClient({root: service.root, token: 'an-access-token'});
const {poller} = await graph.start(
  protocols.graph.driveCopy,
  {path: '/drives/d/items/i/copy', body: {name: 'copy.docx'}},
  {schedule: schedules.fixed(10)},
);
if (poller === undefined) throw new Error('accepted, but the service does not say where the operation is');

poller.on('progress', ({percentComplete, location}) => {
  // The monitor's query is a signature: events show the location without it.
  console.log(`${percentComplete} %, at ${new URL(location).pathname}${new URL(location).search}`);
});
const {status, resourceLocation} = await poller.result();
console.log(`${status}, the copy is at ${new URL(resourceLocation ?? '').pathname}`);

const withToken = ({headers}: {headers: Readonly<Record<string, unknown>>}): boolean => 'authorization' in headers;
console.log(`to Graph: ${service.requests.length} request, ${service.requests.filter(withToken).length} with a token`);
console.log(
  `to the other host: ${foreign.requests.length} requests, ${foreign.requests.filter(withToken).length} with a token`,
);
