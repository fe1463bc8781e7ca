// The body of the softmax kernels; see RowVectors.h for what it is included with, adj_rows.h for what they
// compute.

// One row of at least WIDTH elements. The last vector overlaps the one before it; it is loaded before
// anything is stored, so that dst may be src.
static void NAME(row)(adj_softmax_kind kind, const T *src, int64_t length, T *dst) {
  int64_t last = length - WIDTH, whole = length - length % WIDTH;
  NAME(vector) tail = NAME(load)(src + last);
  NAME(vector) m0 = tail, m1 = tail; // a NaN may be lost here; the sum of exponentials finds it
  int64_t i = 0;
  for (; i + 2 * WIDTH <= length; i += 2 * WIDTH) {
    NAME(vector) a = NAME(load)(src + i), b = NAME(load)(src + i + WIDTH);
    m0 = a > m0 ? a : m0;
    m1 = b > m1 ? b : m1;
  }
  if (i + WIDTH <= length) {
    NAME(vector) a = NAME(load)(src + i);
    m0 = a > m0 ? a : m0;
  }
  m0 = m1 > m0 ? m1 : m0;
  T greatest = -(T)INFINITY;
  for (int j = 0; j < WIDTH; j++) greatest = m0[j] > greatest ? m0[j] : greatest;
  // Of an infinite greatest element log-sum-exp must give that element, softmax NaN (inf - inf).
  T shift = kind == ADJ_LOG_SUM_EXP && isinf(greatest) ? 0 : greatest;

  // Sums in float64: for float32 that costs little and keeps long rows accurate.
  NAME(dvector) sums = 0;
  for (i = 0; i < whole; i += WIDTH) {
    NAME(vector) e = NAME(exp)(NAME(load)(src + i) - shift);
    if (kind == ADJ_SOFTMAX) NAME(store)(dst + i, e);
    sums += __builtin_convertvector(e, NAME(dvector));
  }
  double sum = 0;
  NAME(vector) tail_exp = NAME(exp)(tail - shift);
  for (int j = WIDTH - (int)(length - whole); j < WIDTH; j++) sum += (double)tail_exp[j];
  for (int j = 0; j < WIDTH; j++) sum += sums[j];

  if (kind == ADJ_SOFTMAX) {
    T factor = (T)(1.0 / sum);
    for (i = 0; i < whole; i += WIDTH) NAME(store)(dst + i, NAME(load)(dst + i) * factor);
    NAME(store)(dst + last, tail_exp * factor);
  } else if (kind == ADJ_LOG_SUM_EXP) {
    *dst = (T)((double)shift + log(sum));
  } else {
    T log_sum = (T)log(sum);
    for (i = 0; i < whole; i += WIDTH) NAME(store)(dst + i, NAME(load)(src + i) - shift - log_sum);
    NAME(store)(dst + last, tail - shift - log_sum);
  }
}

// Up to WIDTH rows of few elements at once: row j stands in lane j, so that all steps but the change of
// layout are those of a long row.
static void NAME(short_rows)(adj_softmax_kind kind, const T *src, int64_t rows, int64_t length, T *dst) {
  T columns[SHORT_ROW][WIDTH];
  if (rows < WIDTH) memset(columns, 0, (size_t)length * sizeof columns[0]);
  for (int64_t row = 0; row < rows; row++)
    for (int64_t i = 0; i < length; i++) columns[i][row] = src[row * length + i];
  NAME(vector) greatest = NAME(load)(columns[0]);
  for (int64_t i = 1; i < length; i++) {
    NAME(vector) x = NAME(load)(columns[i]);
    greatest = ((x > greatest) | (greatest != greatest)) ? x : greatest;
  }
  if (kind == ADJ_LOG_SUM_EXP) {
    NAME(vector) infinity = (T)INFINITY;
    greatest = ((greatest == infinity) | (greatest == -infinity)) ? (NAME(vector))(T)0 : greatest;
  }
  NAME(dvector) sums = 0;
  for (int64_t i = 0; i < length; i++) {
    NAME(vector) x = NAME(load)(columns[i]) - greatest, e = NAME(exp)(x);
    NAME(store)(columns[i], kind == ADJ_SOFTMAX ? e : x);
    sums += __builtin_convertvector(e, NAME(dvector));
  }
  if (kind == ADJ_LOG_SUM_EXP) {
    for (int64_t row = 0; row < rows; row++) dst[row] = (T)((double)greatest[row] + log(sums[row]));
    return;
  }
  if (kind == ADJ_SOFTMAX) {
    NAME(vector) factors = __builtin_convertvector(1.0 / sums, NAME(vector));
    for (int64_t i = 0; i < length; i++) NAME(store)(columns[i], NAME(load)(columns[i]) * factors);
  } else {
    T logs[WIDTH] = {0};
    for (int64_t row = 0; row < rows; row++) logs[row] = (T)log(sums[row]);
    for (int64_t i = 0; i < length; i++) NAME(store)(columns[i], NAME(load)(columns[i]) - NAME(load)(logs));
  }
  for (int64_t row = 0; row < rows; row++)
    for (int64_t i = 0; i < length; i++) dst[row * length + i] = columns[i][row];
}

static void NAME(rows)(adj_softmax_kind kind, const T *src, int64_t rows, int64_t length, T *dst) {
  int64_t out = kind == ADJ_LOG_SUM_EXP ? 1 : length;
  if (length <= SHORT_ROW) {
    for (int64_t row = 0; row < rows; row += WIDTH)
      NAME(short_rows)(kind, src + row * length, rows - row < WIDTH ? rows - row : WIDTH, length, dst + row * out);
  } else {
    for (int64_t row = 0; row < rows; row++) NAME(row)(kind, src + row * length, length, dst + row * out);
  }
}

// Pullbacks of rows; see adj_rows.h.
static void NAME(softmax_slopes)(adj_softmax_kind kind, const T *u, const T *y, int64_t rows, int64_t length, T *dst) {
  int64_t whole = length - length % WIDTH, rest = length - whole;
  for (int64_t row = 0; row < rows; row++, u += length, y += length, dst += length) {
    // The last elements, and zeros behind them.
    NAME(vector) last_u = 0, last_y = 0;
    memcpy(&last_u, u + whole, (size_t)rest * sizeof(T));
    memcpy(&last_y, y + whole, (size_t)rest * sizeof(T));
    NAME(vector) seeds = kind == ADJ_SOFTMAX ? last_u * last_y : last_u;
    NAME(dvector) sums = __builtin_convertvector(seeds, NAME(dvector));
    for (int64_t i = 0; i < whole; i += WIDTH) {
      seeds = NAME(load)(u + i);
      if (kind == ADJ_SOFTMAX) seeds *= NAME(load)(y + i);
      sums += __builtin_convertvector(seeds, NAME(dvector));
    }
    T sum = (T)NAME(total)(&sums);
    for (int64_t i = 0; i < whole; i += WIDTH) {
      NAME(vector) seed = NAME(load)(u + i), value = NAME(load)(y + i);
      NAME(store)(dst + i, kind == ADJ_SOFTMAX ? value * (seed - sum) : seed - NAME(exp)(value) * sum);
    }
    if (rest > 0) {
      NAME(vector) result = kind == ADJ_SOFTMAX ? last_y * (last_u - sum) : last_u - NAME(exp)(last_y) * sum;
      memcpy(dst + whole, &result, (size_t)rest * sizeof(T));
    }
  }
}
