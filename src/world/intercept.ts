/**
 * Wraps every port call of a pass, by name (`store.commit`, `runs.start`, …). What comes between the control code
 * and the world – crashes, freezes, interleavings, lost answers – hangs on this one place.
 */
export type Around = <T>(name: string, call: () => Promise<T>, args: readonly unknown[]) => Promise<T>;

const wrapped = [
  'runs',
  'store',
  'wakes',
  'checkpoints',
  'retentions',
  'logs',
  'policies',
  'receiver',
  'events',
] as const;

export function intercept<P extends Readonly<Record<(typeof wrapped)[number], object>>>(
  ports: P,
  around: Around,
): P {
  const copies = wrapped.map((port) => [port, wrap(port, ports[port], around)]);
  return { ...ports, ...Object.fromEntries(copies) };
}

function wrap<P extends object>(port: string, target: P, around: Around): P {
  return new Proxy(target, {
    get(_target, method) {
      const member = Reflect.get(target, method, target) as unknown;
      if (typeof member !== 'function' || typeof method !== 'string') return member;
      return (...args: readonly unknown[]) =>
        around(`${port}.${method}`, () => Reflect.apply(member, target, args) as Promise<unknown>, args);
    },
  });
}
