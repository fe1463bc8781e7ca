// int64 kernels. Overflow wraps around; the compiler vectorises the plain loops.

#define INTEGER(name, value)                                                                      \
  static void i64_kernel_##name(void *dv, const void *av, const void *bv, const void *cv, size_t n) { \
    int64_t *d = dv;                                                                              \
    const int64_t *pa = av, *pb = bv, *pc = cv;                                                   \
    (void)pb, (void)pc;                                                                           \
    /* d may be an operand, but only element for element. */                                      \
    _Pragma("clang loop vectorize(assume_safety)")                                                \
    for (size_t i = 0; i < n; i++) d[i] = (int64_t)(value);                                       \
  }
#define A pa[i]
#define B pb[i]
#define CC pc[i]
#define UA (uint64_t)pa[i]
#define UB (uint64_t)pb[i]

AI int64_t i64_floor_div(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return (int64_t)(0 - (uint64_t)a);
  int64_t q = a / b;
  return q - ((a % b != 0) & ((a ^ b) < 0));
}

AI int64_t i64_remainder(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return 0;
  int64_t r = a % b;
  return ((r != 0) & ((r ^ b) < 0)) ? r + b : r;
}

AI int64_t i64_pow(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  uint64_t x = (uint64_t)a, y = 1;
  for (; b; b >>= 1, x *= x)
    if (b & 1) y *= x;
  return (int64_t)y;
}

INTEGER(copy, A)
INTEGER(add, UA + UB)
INTEGER(sub, UA - UB)
INTEGER(mul, UA *UB)
INTEGER(fma, UA *UB + (uint64_t)CC)
INTEGER(neg, 0 - UA)
INTEGER(abs, A < 0 ? 0 - UA : UA)
INTEGER(sign, (A > 0) - (A < 0))
INTEGER(square, UA *UA)
INTEGER(min, A < B ? A : B)
INTEGER(max, A > B ? A : B)
INTEGER(select, A != 0 ? B : CC)
INTEGER(eq, A == B)
INTEGER(ne, A != B)
INTEGER(lt, A < B)
INTEGER(le, A <= B)
INTEGER(and, (A != 0) & (B != 0))
INTEGER(or, (A != 0) | (B != 0))
INTEGER(not, A == 0)
INTEGER(floor_div, i64_floor_div(A, B))
INTEGER(remainder, i64_remainder(A, B))
static void i64_kernel_pow(void *dv, const void *av, const void *bv, const void *cv, size_t n) {
  int64_t *d = dv;
  const int64_t *pa = av, *pb = bv;
  (void)cv;
  for (size_t i = 0; i < n; i++) d[i] = i64_pow(A, B);
}

#define INTEGER_REDUCTION(name, start, combine)                                                 \
  static void i64_rows_##name(adj_scalar *out, const void *s, size_t rows, size_t n) {          \
    const int64_t *p = s;                                                                       \
    for (size_t r = 0; r < rows; r++, p += n) {                                                 \
      int64_t acc = start;                                                                      \
      for (size_t i = 0; i < n; i++) {                                                          \
        int64_t x = p[i];                                                                       \
        acc = (int64_t)(combine);                                                               \
      }                                                                                         \
      out[r].i = acc;                                                                           \
    }                                                                                           \
  }                                                                                             \
  static void i64_columns_##name(adj_scalar *out, double *low, const void *s, ptrdiff_t row_stride, \
                                 size_t rows, size_t n) {                                       \
    (void)low;                                                                                  \
    const int64_t *p = s;                                                                       \
    for (size_t r = 0; r < rows; r++, p += row_stride)                                          \
      for (size_t i = 0; i < n; i++) {                                                          \
        int64_t x = p[i], acc = out[i].i;                                                       \
        out[i].i = (int64_t)(combine);                                                          \
      }                                                                                         \
  }
INTEGER_REDUCTION(sum, 0, (uint64_t)acc + (uint64_t)x)
INTEGER_REDUCTION(prod, 1, (uint64_t)acc *(uint64_t)x)
INTEGER_REDUCTION(max, INT64_MIN, acc > x ? acc : x)
INTEGER_REDUCTION(min, INT64_MAX, acc < x ? acc : x)

#undef A
#undef B
#undef CC
#undef UA
#undef UB
