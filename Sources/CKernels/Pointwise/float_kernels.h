// The kernels of one floating type: loops over arrays around the functions of one vector.

// One vector at a time, the last one partial: the body is compiled once for both.
#ifndef LOOP
#define LOOP(name, arity, value)                                                               \
  static void FN(kernel_##name)(void *dv, const void *av, const void *bv, const void *cv, size_t n) { \
    T *d = dv;                                                                                 \
    const T *pa = av, *pb = bv, *pc = cv;                                                      \
    (void)pb, (void)pc;                                                                        \
    const size_t lanes = LANE_BYTES / sizeof(T);                                               \
    for (size_t i = 0; i < n; i += lanes) {                                                    \
      size_t k = n - i;                                                                        \
      bool whole = k >= lanes;                                                                 \
      V a, b, c;                                                                               \
      (void)&b, (void)&c;                                                                      \
      if (whole) {                                                                             \
        a = FN(load)(pa + i);                                                                  \
        if (arity > 1) b = FN(load)(pb + i);                                                   \
        if (arity > 2) c = FN(load)(pc + i);                                                   \
      } else {                                                                                 \
        a = FN(load_tail)(pa + i, k);                                                          \
        if (arity > 1) b = FN(load_tail)(pb + i, k);                                           \
        if (arity > 2) c = FN(load_tail)(pc + i, k);                                           \
      }                                                                                        \
      V y = value;                                                                             \
      if (whole) FN(store)(d + i, y);                                                          \
      else FN(store_tail)(d + i, y, k);                                                        \
    }                                                                                          \
  }
// For operations of an instruction or few: four vectors a turn.
#define QUICK_LOOP(name, arity, value)                                                         \
  AI V FN(quick_##name)(V a, V b, V c) {                                                       \
    (void)b, (void)c;                                                                          \
    return value;                                                                              \
  }                                                                                            \
  static void FN(kernel_##name)(void *dv, const void *av, const void *bv, const void *cv, size_t n) { \
    T *d = dv;                                                                                 \
    const T *pa = av, *pb = bv, *pc = cv;                                                      \
    (void)pb, (void)pc;                                                                        \
    const size_t lanes = LANE_BYTES / sizeof(T);                                               \
    size_t i = 0;                                                                              \
    for (; i + 4 * lanes <= n; i += 4 * lanes) {                                               \
      V y[4];                                                                                  \
      _Pragma("clang loop unroll(full)") for (int j = 0; j < 4; j++) {                         \
        size_t o = i + (size_t)j * lanes;                                                      \
        V a = FN(load)(pa + o), b = a, c = a;                                                  \
        if (arity > 1) b = FN(load)(pb + o);                                                   \
        if (arity > 2) c = FN(load)(pc + o);                                                   \
        y[j] = FN(quick_##name)(a, b, c);                                                      \
      }                                                                                        \
      _Pragma("clang loop unroll(full)") for (int j = 0; j < 4; j++)                           \
          FN(store)(d + i + (size_t)j * lanes, y[j]);                                          \
    }                                                                                          \
    for (; i + lanes <= n; i += lanes) {                                                       \
      V a = FN(load)(pa + i), b = a, c = a;                                                    \
      if (arity > 1) b = FN(load)(pb + i);                                                     \
      if (arity > 2) c = FN(load)(pc + i);                                                     \
      FN(store)(d + i, FN(quick_##name)(a, b, c));                                             \
    }                                                                                          \
    if (i < n) {                                                                               \
      V a = FN(load_tail)(pa + i, n - i), b = a, c = a;                                        \
      if (arity > 1) b = FN(load_tail)(pb + i, n - i);                                         \
      if (arity > 2) c = FN(load_tail)(pc + i, n - i);                                         \
      FN(store_tail)(d + i, FN(quick_##name)(a, b, c), n - i);                                 \
    }                                                                                          \
  }
#define UNARY(name) LOOP(name, 1, FN(name)(a))
#define BINARY(name) LOOP(name, 2, FN(name)(a, b))
#define TRUTH(mask) (V)((I)(mask) & (I)FN(splat)(1))

// Float32 through float64, in pieces on the stack.
#define THROUGH_F64(name)                                                                      \
  static void f32_kernel_##name(void *dv, const void *av, const void *bv, const void *cv, size_t n) { \
    float *d = dv;                                                                             \
    const float *pa = av, *pb = bv;                                                            \
    (void)cv;                                                                                  \
    double x[64], y[64];                                                                       \
    for (size_t i = 0; i < n; i += 64) {                                                       \
      size_t k = n - i < 64 ? n - i : 64;                                                      \
      bool two = #name[0] == 'p' && #name[1] == 'o' && #name[2] == 'l';                        \
      for (size_t j = 0; j < k; j++) x[j] = pa[i + j];                                         \
      if (two)                                                                                 \
        for (size_t j = 0; j < k; j++) y[j] = pb[i + j];                                       \
      f64_kernel_##name(x, x, y, y, k);                                                        \
      for (size_t j = 0; j < k; j++) d[i + j] = (float)x[j];                                   \
    }                                                                                          \
  }
#endif

AI V FN(min_nan)(V a, V b) { return SEL(a != a, a, SEL((b < a) | (b != b), b, a)); }
AI V FN(max_nan)(V a, V b) { return SEL(a != a, a, SEL((b > a) | (b != b), b, a)); }

// The quotient truncated and the remainder with a's sign: exact by one fused step where the quotient
// fits a mantissa, as the division's rounding can only carry it up to the next integer (the remainder
// then comes out with the wrong sign). Other lanes go through fmod.
AI V FN(floor_mod)(V a, V b, V *quotient) {
  V q = FN(trunc)(a / b);
  V r = FN(residual)(q, b, a);
  I over = (r != C(0)) & (((I)r ^ (I)a) < 0);
  r = SEL(over, r + SEL(((I)r ^ (I)b) < 0, b, -b), r);
  r = SEL(q == C(0), a, r);
#if HAVE_FMA
  I plain = (FN(abs)(q) < (T)(1ull << (MANTISSA - 1))) & (FN(abs)(b) < (T)__builtin_inff());
#else
  // Without it, the exact product must not leave the range of normal numbers either.
  const T top = FLOAT_BITS == 64 ? C(0x1p900) : C(0x1p100), bottom = FLOAT_BITS == 64 ? C(0x1p-900) : C(0x1p-70);
  I plain = (FN(abs)(q) < (T)(1ull << (MANTISSA - 1))) & (FN(abs)(b) < top) & (FN(abs)(b) > bottom) & (FN(abs)(a) < top);
#endif
  if (__builtin_expect(FN(any)(~plain), 0)) {
    for (size_t j = 0; j < LANE_BYTES / sizeof(T); j++)
      if (!plain[j]) r[j] = (T)fmod((double)a[j], (double)b[j]);
  }
  // Python's floor division (float_divmod).
  V mod = SEL((r != C(0)) & (((I)r ^ (I)b) < 0), r + b, r);
  V exact = (a - mod) / b;
  V f = FN(rint)(exact);
  f = SEL(exact == C(0), FN(flip_sign)(FN(splat)(0), FN(sign)(a / b)), f);
  *quotient = SEL(b == C(0), a / b, f);
  return SEL(mod == C(0), FN(flip_sign)(FN(splat)(0), FN(sign)(b)), mod);
}

AI V FN(floor_div)(V a, V b) {
  V q;
  FN(floor_mod)(a, b, &q);
  return q;
}

AI V FN(remainder)(V a, V b) {
  V q;
  return FN(floor_mod)(a, b, &q);
}

QUICK_LOOP(copy, 1, a)
QUICK_LOOP(add, 2, a + b)
QUICK_LOOP(sub, 2, a - b)
QUICK_LOOP(mul, 2, a *b)
QUICK_LOOP(div, 2, a / b)
QUICK_LOOP(fma, 3, FN(fma)(a, b, c))
// Compared as "not zero": with AVX-512 a comparison under the mask of the other, and a product under that.
QUICK_LOOP(strong_mul, 2, SEL((a != C(0)) & (b != C(0)), a *b, FN(splat)(0)))
QUICK_LOOP(neg, 1, -a)
QUICK_LOOP(abs, 1, FN(abs)(a))
QUICK_LOOP(sign, 1, SEL(a > C(0), FN(splat)(1), SEL(a < C(0), FN(splat)(-1), a)))
QUICK_LOOP(square, 1, a *a)
QUICK_LOOP(reciprocal, 1, C(1) / a)
QUICK_LOOP(min, 2, FN(min_nan)(a, b))
QUICK_LOOP(max, 2, FN(max_nan)(a, b))
QUICK_LOOP(select, 3, SEL(a != C(0), b, c))
QUICK_LOOP(eq, 2, TRUTH(a == b))
QUICK_LOOP(ne, 2, TRUTH(a != b))
QUICK_LOOP(lt, 2, TRUTH(a < b))
QUICK_LOOP(le, 2, TRUTH(a <= b))
QUICK_LOOP(and, 2, TRUTH((a != C(0)) & (b != C(0))))
QUICK_LOOP(or, 2, TRUTH((a != C(0)) | (b != C(0))))
QUICK_LOOP(not, 1, TRUTH(a == C(0)))
QUICK_LOOP(is_nan, 1, TRUTH(a != a))
QUICK_LOOP(is_finite, 1, TRUTH(FN(abs)(a) < (T)__builtin_inff()))
QUICK_LOOP(floor, 1, FN(floor)(a))
QUICK_LOOP(ceil, 1, FN(ceil)(a))
QUICK_LOOP(round, 1, FN(rint)(a))
QUICK_LOOP(trunc, 1, FN(trunc)(a))
BINARY(floor_div)
BINARY(remainder)
QUICK_LOOP(sqrt, 1, FN(sqrt)(a))
QUICK_LOOP(rsqrt, 1, C(1) / FN(sqrt)(a))
UNARY(cbrt)
UNARY(exp)
UNARY(exp2)
UNARY(expm1)
UNARY(log)
UNARY(log2)
UNARY(log10)
UNARY(log1p)
#if FLOAT_BITS == 64 || HAVE_FMA
UNARY(sin)
UNARY(cos)
#else
THROUGH_F64(sin)
THROUGH_F64(cos)
#endif
#if FLOAT_BITS == 64
UNARY(tan)
UNARY(erfinv)
UNARY(lgamma)
UNARY(digamma)
static void f64_kernel_polygamma(void *dv, const void *av, const void *bv, const void *cv, size_t n) {
  double *d = dv;
  const double *a = av, *b = bv;
  (void)cv;
  for (size_t i = 0; i < n; i++) d[i] = adj_polygamma_scalar(a[i], b[i]);
}
#else
THROUGH_F64(tan)
THROUGH_F64(erfinv)
THROUGH_F64(lgamma)
THROUGH_F64(digamma)
THROUGH_F64(polygamma)
#endif
UNARY(asin)
UNARY(acos)
UNARY(atan)
BINARY(atan2)
UNARY(sinh)
UNARY(cosh)
UNARY(tanh)
UNARY(asinh)
UNARY(acosh)
UNARY(atanh)
BINARY(pow)
BINARY(hypot)
UNARY(erf)
UNARY(erfc)
