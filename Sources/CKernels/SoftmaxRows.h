// The body of the softmax kernels, included once for each instruction set and float type by Softmax.c with:
//   T, INT     the float type and the signed integer of its size
//   WIDTH      how many of them a vector holds
//   NAME(x)    x with a suffix of its own
//   IS_FLOAT   1 for float32, 0 for float64

typedef T NAME(vector) __attribute__((ext_vector_type(WIDTH)));
typedef INT NAME(ivector) __attribute__((ext_vector_type(WIDTH)));
typedef double NAME(dvector) __attribute__((ext_vector_type(WIDTH)));

static inline __attribute__((always_inline)) NAME(vector) NAME(load)(const T *p) {
  NAME(vector) v;
  memcpy(&v, p, sizeof v);
  return v;
}
static inline __attribute__((always_inline)) void NAME(store)(T *p, NAME(vector) v) { memcpy(p, &v, sizeof v); }

// exp(x) to about an ulp: x = n log 2 + r with |r| <= log(2) / 2, and exp(r) by the approximations of
// S. L. Moshier's Cephes library (expf.c: a polynomial; exp.c: a rational function). log 2 is split in two
// parts of which n times the first is exact. Adding 1.5 * 2^23 (2^52) rounds to an integer, which then
// stands in the low bits of the sum. 2^n is multiplied in two steps, so that results may be subnormal or
// infinite. NaN goes through: both comparisons with it are false.
static inline __attribute__((always_inline)) NAME(vector) NAME(exp)(NAME(vector) x) {
#if IS_FLOAT
  const T low = -104.0f, high = 89.0f, magic = 12582912.0f, log2_e = 1.44269504088896341f;
  const T c1 = 0.693359375f, c2 = -2.12194440e-4f;
  const INT magic_bits = 0x4B400000, mantissa = 23, bias = 127;
#else
  const T low = -746.0, high = 710.0, magic = 6755399441055744.0, log2_e = 1.4426950408889634073599;
  const T c1 = 6.93145751953125e-1, c2 = 1.42860682030941723212e-6;
  const INT magic_bits = 0x4338000000000000, mantissa = 52, bias = 1023;
#endif
  x = x < low ? (NAME(vector))low : x;
  x = x > high ? (NAME(vector))high : x;
  NAME(vector) shifted = x * log2_e + magic, n = shifted - magic, y;
  NAME(ivector) exponent;
  memcpy(&exponent, &shifted, sizeof exponent);
  exponent -= magic_bits;
  NAME(vector) r = x - n * c1;
  r = r - n * c2;
#if IS_FLOAT
  y = r * 1.9875691500e-4f + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * (r * r) + r + 1.0f;
#else
  NAME(vector) rr = r * r;
  NAME(vector) p = r * ((1.26177193074810590878e-4 * rr + 3.02994407707441961300e-2) * rr + 9.99999999999999999910e-1);
  NAME(vector) q = ((3.00198505138664455042e-6 * rr + 2.52448340349684104192e-3) * rr + 2.27265548208155028766e-1) * rr
                   + 2.00000000000000000005e0;
  y = 1.0 + 2.0 * (p / (q - p));
#endif
  NAME(ivector) half = exponent >> 1, rest = exponent - half;
  half = (half + bias) << mantissa;
  rest = (rest + bias) << mantissa;
  NAME(vector) scale, scale_rest;
  memcpy(&scale, &half, sizeof scale);
  memcpy(&scale_rest, &rest, sizeof scale);
  return y * scale * scale_rest;
}

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

#undef T
#undef INT
#undef WIDTH
#undef NAME
#undef IS_FLOAT
