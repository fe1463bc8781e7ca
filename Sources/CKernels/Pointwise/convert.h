// Strided copies between arrays of any dtype and consecutive elements of a computing type.

// Toward zero, saturating; NaN gives 0.
#define I32_LOW -2147483648.0
#define I32_HIGH 2147483647.0
#define I64_LOW -0x1p63
#define I64_HIGH 0x1p63

AI int32_t double_to_i32(double x) {
  return x >= I32_HIGH ? INT32_MAX : x > I32_LOW ? (int32_t)x : x <= I32_LOW ? INT32_MIN : 0;
}
AI int64_t double_to_i64(double x) {
  return x >= I64_HIGH ? INT64_MAX : x > I64_LOW ? (int64_t)x : x <= I64_LOW ? INT64_MIN : 0;
}
AI uint8_t double_to_u8(double x) { return x >= 255.0 ? 255 : x > 0.0 ? (uint8_t)x : 0; }
// Integer arithmetic wraps, as C's unsigned does and NumPy's.
AI int32_t i64_to_i32(int64_t x) { return (int32_t)(uint32_t)(uint64_t)x; }
AI uint8_t i64_to_u8(int64_t x) { return (uint8_t)(uint64_t)x; }

// Rows of n elements at any strides: `to` consecutive for a gather, `from` for a scatter. The unit
// stride is told apart for the compiler's vectoriser.
#define COPY_LOOP(to_step, from_step, value)                    \
  for (size_t i = 0; i < n; i++) {                              \
    x = from[(ptrdiff_t)i * (from_step)];                       \
    to[(ptrdiff_t)i * (to_step)] = value;                       \
  }

// Many rows of a few elements (points in space, broadcast): without a loop within the row.
#define SHORT_ROWS(length, value)                                             \
  case length:                                                                \
    for (size_t r = 0; r < rows; r++, to += length, from += row_stride)       \
      for (ptrdiff_t i = 0; i < length; i++) {                                \
        x = from[i * stride];                                                 \
        to[i] = value;                                                        \
      }                                                                       \
    return;

#define GATHER(name, to_type, from_type, value)                                                     \
  static void gather_##name(void *dv, const void *sv, ptrdiff_t row_stride, ptrdiff_t stride,       \
                            size_t rows, size_t n) {                                                \
    to_type *restrict to = dv;                                                                      \
    const from_type *restrict from = sv;                                                            \
    from_type x;                                                                                    \
    if (rows > 1) {                                                                                 \
      switch (n) {                                                                                  \
        SHORT_ROWS(1, value)                                                                        \
        SHORT_ROWS(2, value)                                                                        \
        SHORT_ROWS(3, value)                                                                        \
        SHORT_ROWS(4, value)                                                                        \
      }                                                                                             \
    }                                                                                               \
    for (size_t r = 0; r < rows; r++, to += n, from += row_stride) {                                \
      if (stride == 1) {                                                                            \
        COPY_LOOP(1, 1, value)                                                                      \
      } else if (stride == 0) {                                                                     \
        x = *from;                                                                                  \
        to_type y = value;                                                                          \
        for (size_t i = 0; i < n; i++) to[i] = y;                                                   \
      } else {                                                                                      \
        COPY_LOOP(1, stride, value)                                                                 \
      }                                                                                             \
    }                                                                                               \
  }

// Without conversion: short rows as a whole.
#define WHOLE_ROWS(T, length)                                                                       \
  case length:                                                                                      \
    for (size_t r = 0; r < rows; r++, to += length, from += row_stride) memcpy(to, from, length * sizeof(T)); \
    return;

#define PLAIN_GATHER(type, T)                                                                       \
  static void gather_##type##_##type(void *dv, const void *sv, ptrdiff_t row_stride, ptrdiff_t stride, \
                                     size_t rows, size_t n) {                                       \
    T *restrict to = dv;                                                                            \
    const T *restrict from = sv;                                                                    \
    if (stride == 1 && (rows == 1 || row_stride == (ptrdiff_t)n)) {                                 \
      memcpy(to, from, rows * n * sizeof(T));                                                       \
      return;                                                                                       \
    }                                                                                               \
    if (stride == 1) {                                                                              \
      switch (n) {                                                                                  \
        WHOLE_ROWS(T, 2)                                                                            \
        WHOLE_ROWS(T, 3)                                                                            \
        WHOLE_ROWS(T, 4)                                                                            \
        WHOLE_ROWS(T, 6)                                                                            \
        WHOLE_ROWS(T, 8)                                                                            \
      }                                                                                             \
    }                                                                                               \
    gather_##type##_strided(dv, sv, row_stride, stride, rows, n);                                   \
  }

#define SCATTER(name, to_type, from_type, value)                                                    \
  static void scatter_##name(void *dv, const void *sv, ptrdiff_t row_stride, ptrdiff_t stride,      \
                             size_t rows, size_t n) {                                               \
    to_type *restrict to = dv;                                                                      \
    const from_type *restrict from = sv;                                                            \
    from_type x;                                                                                    \
    for (size_t r = 0; r < rows; r++, from += n, to += row_stride) {                                \
      if (stride == 1) {                                                                            \
        COPY_LOOP(1, 1, value)                                                                      \
      } else {                                                                                      \
        COPY_LOOP(stride, 1, value)                                                                 \
      }                                                                                             \
    }                                                                                               \
  }

GATHER(f32_strided, float, float, x)
GATHER(f32_f64, float, double, (float)x)
GATHER(f32_i32, float, int32_t, (float)x)
GATHER(f32_i64, float, int64_t, (float)x)
GATHER(f32_u8, float, uint8_t, (float)x)
GATHER(f32_bool, float, uint8_t, x != 0 ? 1.0f : 0.0f)
GATHER(f64_f32, double, float, x)
GATHER(f64_strided, double, double, x)
GATHER(f64_i32, double, int32_t, x)
GATHER(f64_i64, double, int64_t, (double)x)
GATHER(f64_u8, double, uint8_t, x)
GATHER(f64_bool, double, uint8_t, x != 0 ? 1.0 : 0.0)
GATHER(i64_f32, int64_t, float, double_to_i64(x))
GATHER(i64_f64, int64_t, double, double_to_i64(x))
GATHER(i64_i32, int64_t, int32_t, x)
GATHER(i64_i64, int64_t, int64_t, x)
GATHER(i64_u8, int64_t, uint8_t, x)
GATHER(i64_bool, int64_t, uint8_t, x != 0)
PLAIN_GATHER(f32, float)
PLAIN_GATHER(f64, double)
SCATTER(f32_f32, float, float, x)
SCATTER(f32_f64, double, float, x)
SCATTER(f32_i32, int32_t, float, double_to_i32(x))
SCATTER(f32_i64, int64_t, float, double_to_i64(x))
SCATTER(f32_u8, uint8_t, float, double_to_u8(x))
SCATTER(f32_bool, uint8_t, float, x != 0)
SCATTER(f64_f32, float, double, (float)x)
SCATTER(f64_f64, double, double, x)
SCATTER(f64_i32, int32_t, double, double_to_i32(x))
SCATTER(f64_i64, int64_t, double, double_to_i64(x))
SCATTER(f64_u8, uint8_t, double, double_to_u8(x))
SCATTER(f64_bool, uint8_t, double, x != 0)
SCATTER(i64_f32, float, int64_t, (float)x)
SCATTER(i64_f64, double, int64_t, (double)x)
SCATTER(i64_i32, int32_t, int64_t, i64_to_i32(x))
SCATTER(i64_i64, int64_t, int64_t, x)
SCATTER(i64_u8, uint8_t, int64_t, i64_to_u8(x))
SCATTER(i64_bool, uint8_t, int64_t, x != 0)
