import { beforeEach, describe, expect, test } from 'bun:test';
import { DocumentDemand } from './document-demand.ts';

let demand: DocumentDemand;
beforeEach(() => {
  demand = new DocumentDemand();
});

describe('the demand for a document', () => {
  test('is there once somebody asked, until it is met', () => {
    expect(demand.take('a')).toBe(false);
    demand.asked('a', false);
    demand.asked('a', true);

    expect([demand.take('b'), demand.take('a'), demand.take('a')]).toEqual([false, true, false]);
  });

  test('is not met where that was in vain, until it is asked for as often more', () => {
    const asked = () => {
      demand.asked('a', false);
      return demand.take('a');
    };
    const met = Array.from({ length: 8 }, asked);
    expect(met).toEqual([true, false, true, false, false, false, true, false]);

    demand.asked('a', true);
    expect([demand.take('a'), asked()]).toEqual([true, false]);
  });

  test('is met again no sooner than ten times as long after, and after ten seconds', () => {
    demand.made('a', 1_000, 200);
    demand.made('b', 1_000, 60_000);

    expect(['a', 'b', 'c'].map((place) => demand.notBefore(place))).toEqual([3_000, 11_000, 0]);
    demand.made('a', 4_000, 1);
    expect(demand.notBefore('a')).toBe(4_010);
  });

  test('is forgotten where there are too many, the oldest first', () => {
    for (let at = 0; at <= 10_000; at += 1) {
      demand.asked(`${at}`, false);
      demand.made(`${at}`, at, 1);
    }

    expect([demand.take('0'), demand.take('1'), demand.take('10000')]).toEqual([false, true, true]);
    expect([demand.notBefore('0'), demand.notBefore('1')]).toEqual([0, 11]);
  });
});
