// Formats numbers, times and metadata for people.

export const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'];

const COUNT = new Intl.NumberFormat('en');

/** 200,000 */
export const count = number => COUNT.format(number);

/** A count with its word: 1 record, 2 records. */
export const counted = (number, word) => `${count(number)} ${word}${number === 1 ? '' : 's'}`;

/** A value with at most six digits. NaN and infinite values are written by name. */
export function value(number) {
  if (number === null || number === undefined) return '–';
  if (typeof number !== 'number') return String(number);
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number > 0 ? '∞' : '−∞';
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return number.toExponential(3).replace(/\.?0+e/, 'e');
  return String(Number(number.toPrecision(6)));
}

/** 2025-10-29 10:30:05.123, in UTC like all times here. */
export const time = iso => iso.replace('T', ' ').replace('Z', '').slice(0, 23);

/** The part of a time that differs between the records of one view. */
export const clock = iso => iso.slice(11, 23).replace('Z', '');

/** 3 s, 5 min, 2 h, 4 d */
export function duration(millis) {
  const seconds = Math.max(0, millis / 1000);
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

/** 5 min ago; in whole seconds, so that the text does not change too often. */
export function ago(iso, now) {
  return iso === null ? 'never' : duration(Math.round((now - Date.parse(iso)) / 1000) * 1000) + ' ago';
}

export function bytes(size) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${Number(size.toPrecision(3))} ${units[unit]}`;
}

/** Flattens nested entries to names with dots, in order. Arrays stay whole. */
export function flat(object, prefix = '') {
  return Object.entries(object ?? {}).flatMap(([name, value]) => {
    const hasEntries = value !== null && typeof value === 'object' && !Array.isArray(value)
        && Object.keys(value).length > 0;
    return hasEntries ? flat(value, prefix + name + '.') : [[prefix + name, value]];
  });
}

/** A metadata value: texts as they are, everything else as JSON. */
export function text(value) {
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (name, inner) => typeof inner === 'bigint' ? JSON.rawJSON(String(inner)) : inner);
}

const WELL_KNOWN = /acc|auc|f1|score|reward|return|precision|recall|perplexity|ppl|bleu|rouge|iou|mse|mae|rmse|error/i;

/** Losses first, then other measures, then the rest, then counters and settings. */
export function byInterest(names) {
  const rank = name => /loss/i.test(name) ? 0 : isCounter(name) ? 3 : WELL_KNOWN.test(name) ? 1 : 2;
  return [...names].sort((one, other) => rank(one) - rank(other));
}

/** Whether a metric tells how far a run has come, rather than how well it does: a good axis, but a boring curve. */
export const isCounter = name => name.startsWith('dreamlake_crash.') || COUNTER.test(name);

const COUNTER =
    /(^|[._/])(epochs?|(global_?)?steps?|iter(ation)?s?|batch(es)?|samples|time(stamp)?|seed|lr|learning_rate)$/i;
