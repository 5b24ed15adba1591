// The loop that everybody writes first: for docs/coming-from.md.
interface Body {
  readonly status?: string;
  readonly statusDetail?: string;
}

export async function watchByHand(location: string, token: string): Promise<Body> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const response = await fetch(location, {headers: {authorization: `Bearer ${token}`}});
    const body = (await response.json()) as Body;
    if (body.status === 'succeeded') return body;
    if (body.status === 'failed' || !response.ok) throw new Error(`failed: ${body.statusDetail}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('timed out');
}
