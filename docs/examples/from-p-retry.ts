// p-retry as the loop, for docs/coming-from.md: "still running" is turned into an error so that it is retried.
import pRetry, {AbortError} from 'p-retry';

interface Body {
  readonly status?: string;
  readonly statusDetail?: string;
}

export async function watchWithRetry(location: string, token: string): Promise<Body> {
  return await pRetry(
    async () => {
      const response = await fetch(location, {headers: {authorization: `Bearer ${token}`}});
      const body = (await response.json()) as Body;
      if (body.status === 'failed') throw new AbortError(`failed: ${body.statusDetail}`);
      if (body.status !== 'succeeded') throw new Error(`still ${body.status}`);
      return body;
    },
    {retries: 10, minTimeout: 10, maxTimeout: 20},
  );
}
