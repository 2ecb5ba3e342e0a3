// `node -r <this>`: a process whose clock is ahead by CLOCK_AHEAD_MS.
const aheadMs = Number(process.env.CLOCK_AHEAD_MS);
const Real = Date;

globalThis.Date = new Proxy(Real, {
  construct: (_, args, target) => Reflect.construct(Real, args.length === 0 ? [Real.now() + aheadMs] : args, target),
  get: (_, key) => (key === 'now' ? () => Real.now() + aheadMs : Reflect.get(Real, key)),
});
