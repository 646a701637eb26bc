import { type RequestListener, type Server, createServer } from 'node:http';
import { afterEach } from 'mocha';
import { closeServer, originOf } from '../practice/http-server.ts';

/** Starts small HTTP servers on free ports; they end with the test. Call the result with the listener for the origin. */
export function useHttpServers(): (listener: RequestListener) => Promise<string> {
  const servers: Server[] = [];
  afterEach(async () => { await Promise.all(servers.splice(0).map(closeServer)); });
  return async (listener) => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return originOf(server);
  };
}
