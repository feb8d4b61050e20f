import { describe, expect, it } from 'vitest';
import { ObjectStore } from '../../src/world/object-store.ts';
import { ManualClock } from './clients.ts';

function store() {
  const clock = new ManualClock();
  return { clock, objects: new ObjectStore({ clock, buckets: ['data'] }) };
}

describe('the object store', () => {
  it('stamps an object with the clock, its size and its MD5', () => {
    const { objects, clock } = store();

    objects.put('data/a', 'hello', 'world');

    expect(objects.head('data/a')).toEqual({
      key: 'data/a',
      sizeBytes: 5,
      etag: '5d41402abc4b2a76b9719d911017c592',
      lastModifiedMs: clock.now(),
      contentType: 'binary/octet-stream',
    });
    expect(objects.get('data/a')?.body.toString()).toBe('hello');
  });

  it('logs who wrote what, in order, also a delete that found nothing', () => {
    const { objects, clock } = store();

    objects.put('data/a', '1', 'world');
    clock.advance(1000);
    objects.delete('data/b', 'api');

    expect(objects.mutations).toEqual([
      { op: 'put', key: 'data/a', writer: 'world', atMs: clock.now() - 1000 },
      { op: 'delete', key: 'data/b', writer: 'api', atMs: clock.now() },
    ]);
  });

  it('keeps the first object when a put may only create, and does not log the refusal', () => {
    const { objects } = store();
    objects.put('data/a', 'first', 'world');

    const second = objects.put('data/a', 'second', 'api', { onlyIfAbsent: true });

    expect(second).toEqual({ ok: false, code: 'exists' });
    expect(objects.get('data/a')?.body.toString()).toBe('first');
    expect(objects.mutations).toHaveLength(1);
  });

  it('lists in the order of UTF-8 bytes, whatever the order of writing', () => {
    const { objects } = store();
    for (const key of ['😀', 'b', '\uffee', 'a/2', 'a/10', 'é']) objects.put(`data/${key}`, '', 'world');

    const keys = objects.list('data/', { max: 10 }).map((object) => object.key.slice(5));

    expect(keys).toEqual(['a/10', 'a/2', 'b', 'é', '\uffee', '😀']);
  });

  it('starts a listing after the key it is given, inside the prefix only', () => {
    const { objects } = store();
    for (const key of ['a/1', 'a/2', 'a/3', 'b/1']) objects.put(`data/${key}`, '', 'world');

    const list = (startAfter: string) =>
      objects.list('data/a/', { startAfter, max: 2 }).map((object) => object.key);

    expect(list('data/a/1')).toEqual(['data/a/2', 'data/a/3']);
    expect(list('data/a/11')).toEqual(['data/a/2', 'data/a/3']);
    expect(list('data/0')).toEqual(['data/a/1', 'data/a/2']);
    expect(list('data/b')).toEqual([]);
  });

  it('forgets a deleted object, in listings too', () => {
    const { objects } = store();
    objects.put('data/a', '', 'world');

    expect(objects.delete('data/a')).toBe(true);
    expect(objects.delete('data/a')).toBe(false);

    expect(objects.get('data/a')).toBeUndefined();
    expect(objects.list('data/', { max: 10 })).toEqual([]);
  });

  it.each(['other/a', 'data', 'data/'])('refuses to write to %s', (key) => {
    expect(() => store().objects.put(key, '', 'world')).toThrow(/no bucket|names a bucket/);
  });
});
