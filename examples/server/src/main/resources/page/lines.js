// Turns the server's series into the columns that a chart takes. No elements and no requests here.

/**
 * One run's values of one metric.
 *
 * @param answer the server's
 * @param axis 'number', 'time', 'elapsed' or the name of another metric
 * @param start when the run began, in milliseconds
 * @returns {xs, ys, odd}: sorted by x; a y that is NaN or infinite is in ys and also in odd
 */
export function line(answer, axis, start) {
  const x = axis === 'time' ? at => Date.parse(at) / 1000
      : axis === 'elapsed' ? at => (Date.parse(at) - start) / 1000
      : Number;
  const points = answer.points.map(([at, value]) => [x(at), Number(value)]).filter(([at]) => Number.isFinite(at));
  points.sort(([one], [other]) => one - other);      // stable: points with the same x stay in the order of the records
  return {
    xs: points.map(([at]) => at),
    ys: points.map(([, value]) => value),
    odd: points.filter(([, value]) => !Number.isFinite(value)),
  };
}

/**
 * A line with a part replaced by another line, which has more points there.
 *
 * @param range [from, to] of the part
 */
export function refined(whole, part, [from, to]) {
  const points = ({xs, ys}, isWanted) => xs.map((x, i) => [x, ys[i]]).filter(([x]) => isWanted(x));
  const all = [
    ...points(whole, x => x < from),
    ...points(part, x => x >= from && x <= to),
    ...points(whole, x => x > to),
  ];
  return {
    xs: all.map(([x]) => x),
    ys: all.map(([, y]) => y),
    odd: all.filter(([, y]) => !Number.isFinite(y)),
  };
}

/**
 * The positions of the ticks on an axis of values: round numbers, of any size.
 *
 * @param most approximate maximum number of ticks
 */
export function ticks(min, max, isLog, most) {
  const exponent = at => Math.floor(Math.log10(at));
  if (isLog) {
    const [first, last] = [exponent(min), exponent(max)];
    const step = Math.ceil((last - first + 1) / most);
    const factors = step > 1 || last - first > 2 ? [1] : [1, 2, 5];
    const powers = Array.from({length: last - first + 1}, (one, i) => first + i).filter(power => power % step === 0);
    return powers.flatMap(power => factors.map(factor => Number(`${factor}e${power}`)))
        .filter(at => at >= min && at <= max && at > 0);
  }
  const width = max / most - min / most;      // max - min could overflow to infinity
  if (!(width > 0)) return [min];
  const power = exponent(width);
  const step = [1, 2, 5, 10].map(factor => factor * Number(`1e${power}`)).find(one => one >= width * 0.999);
  if (!Number.isFinite(step) || step === 0) return [min, max];
  const result = [];
  for (let i = Math.ceil(min / step); i <= Math.floor(max / step); i++) {
    result.push(Number((i * step).toPrecision(12)));
  }
  return result;
}

/**
 * An exponential moving average, corrected as if there had been no zero before the first value. NaN and infinite
 * values stay.
 */
export function smooth(ys, weight) {
  let average = 0;
  let share = 1;
  return ys.map(y => {
    if (!Number.isFinite(y)) return y;
    average = weight * average + (1 - weight) * y;
    share *= weight;
    return average / (1 - share);
  });
}

/**
 * One common column of xs for lines with different xs: [xs, ys, ys …]. Where a line has no value at an x, its y is
 * undefined, and the line continues across it; null makes a gap.
 *
 * @param lines {xs, ys} each
 * @param isShown whether a y can be drawn
 */
export function columns(lines, isShown) {
  const next = lines.map(() => 0);
  const result = [[], ...lines.map(() => [])];
  for (;;) {
    let x = Infinity;
    lines.forEach(({xs}, i) => {
      if (next[i] < xs.length) x = Math.min(x, xs[next[i]]);
    });
    if (x === Infinity) return result;
    result[0].push(x);
    lines.forEach(({xs, ys}, i) => {
      const has = xs[next[i]] === x;
      result[i + 1].push(has ? isShown(ys[next[i]]) ? ys[next[i]] : null : undefined);
      if (has) next[i]++;
    });
  }
}

/** The index near another one at which a column has a value; null if there is none nearby. */
export function nearest(xs, ys, index, x) {
  for (let left = index, right = index; left >= 0 || right < ys.length; left--, right++) {
    const hasLeft = left >= 0 && ys[left] !== undefined && ys[left] !== null;
    const hasRight = right < ys.length && ys[right] !== undefined && ys[right] !== null;
    if (hasLeft && hasRight) return x - xs[left] <= xs[right] - x ? left : right;
    if (hasLeft || hasRight) return hasLeft ? left : right;
  }
  return null;
}
