// A user's program as an ES module: watches one operation over HTTP and prints how it ended.
import {createServer} from 'node:http';
import {pollOperation, schedules} from 'operation-poller';

const statuses = ['notStarted', 'running', 'succeeded'];
let asked = 0;
const server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({id: 'x', status: statuses[Math.min(asked++, statuses.length - 1)]}));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const poller = pollOperation(`http://127.0.0.1:${server.address().port}/operations/x`, {schedule: schedules.fixed(1)});
const operation = await poller.result();
server.close();
console.log(JSON.stringify({id: operation.id, status: operation.status, asked}));
