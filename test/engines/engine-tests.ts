import {expect, test} from '@jest/globals';
import {checkRunner, formatReport, type TestedRunner} from 'operation-poller/testing';
import {killAtRandom} from './random-kills.ts';

/**
 * Tests workflows on an engine through the kit, and with kills at random moments.
 *
 * @param engine its name in the report
 * @param subject what is tested, as the tests' names begin
 * @param open opens it; `undefined`: the tests are skipped
 */
export function testEngine(
  engine: string,
  subject: string,
  open: (() => TestedRunner | Promise<TestedRunner>) | undefined,
): void {
  const timeout = 400_000;
  const byTheRules = `${subject} keep all rules of runners`;
  const killed = `${subject}, killed at random moments: nothing is lost, wrong, too early, or ends twice`;
  if (open === undefined) {
    test.skip.each([byTheRules, killed])('%s', () => undefined);
    return;
  }

  test(
    byTheRules,
    async () => {
      const report = await checkRunner(engine, open, {concurrency: 3});
      expect(formatReport([report])).not.toMatch(/✗|–/);
      expect([...report.cannot.keys()]).toEqual(['severalInstances', 'clockAhead']);
    },
    timeout,
  );

  test(
    killed,
    async () => {
      expect(await killAtRandom(open)).toEqual([]);
    },
    timeout,
  );
}
