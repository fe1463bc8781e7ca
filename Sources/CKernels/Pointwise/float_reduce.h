// Reductions of one floating type.
//
// Sums add short runs in the type itself (at most eight terms a lane, then across lanes in float64) and
// the runs in float64 with compensation (Neumaier). Products are taken in float64. Extremes propagate
// NaN.

#ifndef LANES
#define LANES (LANE_BYTES / sizeof(T))

AI double f64_add_lanes(f64_vector v) {
#if LANE_BYTES == 64
  double a = (v[0] + v[4]) + (v[2] + v[6]), b = (v[1] + v[5]) + (v[3] + v[7]);
  return a + b;
#elif LANE_BYTES == 32
  return (v[0] + v[2]) + (v[1] + v[3]);
#else
  return v[0] + v[1];
#endif
}
#endif

#if FLOAT_BITS == 64
AI void FN(widen)(V v, f64_vector w[2]) {
  w[0] = v;
  w[1] = (f64_vector){0};
}
AI double FN(sum_lanes)(V v) { return f64_add_lanes(v); }
#define PARTS 1
#else
typedef float f32_half __attribute__((ext_vector_type(LANE_BYTES / 8)));
AI void FN(widen)(V v, f64_vector w[2]) {
  union {
    V v;
    f32_half h[2];
  } u = {v};
  w[0] = __builtin_convertvector(u.h[0], f64_vector);
  w[1] = __builtin_convertvector(u.h[1], f64_vector);
}
AI double FN(sum_lanes)(V v) {
  f64_vector w[2];
  FN(widen)(v, w);
  return f64_add_lanes(w[0] + w[1]);
}
#undef PARTS
#define PARTS 2
#endif

AI double FN(sum_run)(const T *p, size_t n) {
  if (n < 6) {
    double y = 0;
    for (size_t j = 0; j < n; j++) y += p[j];
    return y;
  }
  f64_vector total = {0}, low = {0};
  size_t i = 0;
  for (; n - i >= 4 * LANES;) {
    V s[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) s[j] = FN(load)(p + i + (size_t)j * LANES);
    i += 4 * LANES;
    for (int turn = 1; turn < 8 && n - i >= 4 * LANES; turn++, i += 4 * LANES)
#pragma clang loop unroll(full)
      for (int j = 0; j < 4; j++) s[j] += FN(load)(p + i + (size_t)j * LANES);
    f64_vector w[2], e;
    FN(widen)((s[0] + s[1]) + (s[2] + s[3]), w);
    total = f64_two_sum(total, PARTS == 2 ? w[0] + w[1] : w[0], &e);
    low += e;
  }
  double y = 0;
  if (i > 0) {
    // The error terms are NaN once a sum is infinite.
    y = f64_add_lanes(total);
    if (__builtin_isfinite(y)) y += f64_add_lanes(low);
  }
  if (i < n) {
    V rest = {0};
    for (; n - i >= LANES; i += LANES) rest += FN(load)(p + i);
    if (i < n) rest += FN(load_tail)(p + i, n - i);
    y += FN(sum_lanes)(rest);
  }
  return y;
}

AI double FN(prod_run)(const T *p, size_t n) {
  f64_vector m[2] = {(f64_vector)1.0, (f64_vector)1.0};
  size_t i = 0;
  for (; n - i >= LANES; i += LANES) {
    f64_vector w[2];
    FN(widen)(FN(load)(p + i), w);
    for (int j = 0; j < PARTS; j++) m[j] *= w[j];
  }
  m[0] *= m[1];
  double y = 1;
  for (size_t j = 0; j < LANE_BYTES / 8; j++) y *= m[0][j];
  for (; i < n; i++) y *= p[i];
  return y;
}

AI V FN(take_max)(V acc, V x) { return SEL((x > acc) | (x != x), x, acc); }
AI V FN(take_min)(V acc, V x) { return SEL((x < acc) | (x != x), x, acc); }

#undef EXTREME
#define EXTREME(name, take, better, start)                                        \
  AI double FN(name##_run)(const T *p, size_t n) {                                \
    T y = (T)(start);                                                             \
    size_t i = 0;                                                                 \
    if (n >= 2 * LANES) {                                                         \
      V a = FN(splat)(y), b = a;                                                  \
      for (; n - i >= 2 * LANES; i += 2 * LANES) {                                \
        a = FN(take)(a, FN(load)(p + i));                                         \
        b = FN(take)(b, FN(load)(p + i + LANES));                                 \
      }                                                                           \
      a = FN(take)(a, b);                                                         \
      for (size_t j = 0; j < LANES; j++) y = a[j] better y || a[j] != a[j] ? a[j] : y; \
    }                                                                             \
    for (; i < n; i++) y = p[i] better y || p[i] != p[i] ? p[i] : y;              \
    return y;                                                                     \
  }
EXTREME(max, take_max, >, -__builtin_inff())
EXTREME(min, take_min, <, __builtin_inff())

#undef FEW
#define FEW(count)                                                     \
  case count:                                                          \
    for (size_t r = 0; r < rows; r++, p += count) {                    \
      double y = 0;                                                    \
      _Pragma("clang loop unroll(full)") for (int j = 0; j < count; j++) y += p[j]; \
      out[r].f = y;                                                    \
    }                                                                  \
    return;

static void FN(rows_sum)(adj_scalar *out, const void *s, size_t rows, size_t n) {
  const T *p = s;
  // Points in space: as sum_run, without a loop within the row.
  switch (n) {
    FEW(1)
    FEW(2)
    FEW(3)
    FEW(4)
  }
  for (size_t r = 0; r < rows; r++, p += n) out[r].f = FN(sum_run)(p, n);
}

#undef ROWS
#define ROWS(name)                                                                          \
  static void FN(rows_##name)(adj_scalar *out, const void *s, size_t rows, size_t n) {      \
    const T *p = s;                                                                         \
    for (size_t r = 0; r < rows; r++, p += n) out[r].f = FN(name##_run)(p, n);              \
  }
ROWS(prod)
ROWS(max)
ROWS(min)

// Columns. Lanes of the accumulators are float64, so a vector of float32 feeds two.
AI void FN(load_columns)(const T *p, size_t k, f64_vector w[2]) {
  FN(widen)(k >= LANES ? FN(load)(p) : FN(load_tail)(p, k), w);
}

#undef COLUMN_LOOP
// Takes the float64 vectors w[j] into acc: `body` makes y of the value `old` held there and of x.
#define COLUMN_LOOP(body)                                                                   \
  for (size_t j = 0; j < PARTS; j++) {                                                      \
    const size_t step = LANE_BYTES / 8;                                                     \
    size_t at = i + j * step;                                                               \
    if (at >= n) break;                                                                     \
    size_t left = n - at;                                                                   \
    double *pa = &acc[at].f;                                                                \
    f64_vector x = w[j], old = left >= step ? f64_load(pa) : f64_load_tail(pa, left), y;    \
    body;                                                                                   \
    if (left >= step) f64_store(pa, y);                                                     \
    else f64_store_tail(pa, y, left);                                                       \
  }

static void FN(columns_sum)(adj_scalar *acc, double *low, const void *s, ptrdiff_t row_stride, size_t rows,
                            size_t n) {
  for (size_t start = 0; start < rows; start += 8) {
    size_t stop = rows - start < 8 ? rows : start + 8;
    for (size_t i = 0; i < n; i += LANES) {
      const T *p = (const T *)s + (ptrdiff_t)start * row_stride + i;
      V sum;
      if (n - i >= LANES) {
        sum = FN(load)(p);
        for (size_t r = start + 1; r < stop; r++) sum += FN(load)(p += row_stride);
      } else {
        sum = FN(load_tail)(p, n - i);
        for (size_t r = start + 1; r < stop; r++) sum += FN(load_tail)(p += row_stride, n - i);
      }
      f64_vector w[2];
      FN(widen)(sum, w);
      COLUMN_LOOP({
        f64_vector e;
        y = f64_two_sum(old, x, &e);
        e += left >= step ? f64_load(low + at) : f64_load_tail(low + at, left);
        if (left >= step) f64_store(low + at, e);
        else f64_store_tail(low + at, e, left);
      })
    }
  }
}

// Eight rows at a time, as in sums: each column of a large array lies in pages of its own.
static void FN(columns_prod)(adj_scalar *acc, double *low, const void *s, ptrdiff_t row_stride, size_t rows,
                             size_t n) {
  (void)low;
  for (size_t start = 0; start < rows; start += 8) {
    size_t stop = rows - start < 8 ? rows : start + 8;
    for (size_t i = 0; i < n; i += LANES) {
      const T *p = (const T *)s + (ptrdiff_t)start * row_stride + i;
      for (size_t r = start; r < stop; r++, p += row_stride) {
        f64_vector w[2];
        FN(load_columns)(p, n - i, w);
        COLUMN_LOOP(y = old * x)
      }
    }
  }
}

#undef COLUMNS
#define COLUMNS(name)                                                                                  \
  static void FN(columns_##name)(adj_scalar *acc, double *low, const void *s, ptrdiff_t row_stride,    \
                                 size_t rows, size_t n) {                                              \
    (void)low;                                                                                         \
    for (size_t start = 0; start < rows; start += 8) {                                                 \
      size_t stop = rows - start < 8 ? rows : start + 8;                                               \
      for (size_t i = 0; i < n; i += LANES) {                                                          \
        const T *p = (const T *)s + (ptrdiff_t)start * row_stride + i;                                 \
        V most;                                                                                        \
        if (n - i >= LANES) {                                                                          \
          most = FN(load)(p);                                                                          \
          for (size_t r = start + 1; r < stop; r++) most = FN(take_##name)(most, FN(load)(p += row_stride)); \
        } else {                                                                                       \
          most = FN(load_tail)(p, n - i);                                                              \
          for (size_t r = start + 1; r < stop; r++)                                                    \
            most = FN(take_##name)(most, FN(load_tail)(p += row_stride, n - i));                       \
        }                                                                                              \
        f64_vector w[2];                                                                               \
        FN(widen)(most, w);                                                                            \
        COLUMN_LOOP(y = f64_take_##name(old, x))                                                       \
      }                                                                                                \
    }                                                                                                  \
  }
COLUMNS(max)
COLUMNS(min)
