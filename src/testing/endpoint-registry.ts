import type {ScriptedEndpoint} from './scripted-endpoint.ts';

/** Who stands where. Several endpoints may share a place if each answers another method. */
export class EndpointRegistry {
  readonly #byKey = new Map<string, ScriptedEndpoint[]>();

  at(key: string): readonly ScriptedEndpoint[] {
    return this.#byKey.get(key) ?? [];
  }

  has(key: string, method: string): boolean {
    return this.at(key).some((endpoint) => endpoint.method === method);
  }

  add(key: string, endpoint: ScriptedEndpoint): void {
    const present = this.#byKey.get(key);
    if (present === undefined) this.#byKey.set(key, [endpoint]);
    else present.push(endpoint);
  }
}
