import fc from 'fast-check';

const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 0.1, 1e21, 1e-7, 460000000026049, 9007199254740993),
);
const key = fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom('id', '__proto__', 'constructor', '"', '\\', 'a]', '{,'));

/** Values as JSON.parse gives them, with quotes, backslashes, brackets and hostile keys in likely places. */
export const jsonValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom(null, true, false, '', '\\', '"', '\\"', '[{', '}]', 'é', '😀', 'x\\\\"y'),
    number,
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members) as unknown),
  ),
})).value;

/** An array of values as bytes, in one of several layouts of white space. */
export const arrayDocument = fc
  .tuple(fc.array(jsonValue, { maxLength: 5 }), fc.constantFrom(undefined, 1, '\t', '\r\n '), fc.constantFrom('', ' ', '\n\n'))
  .map(([values, indent, around]) => Buffer.from(around + JSON.stringify(values, null, indent) + around));
