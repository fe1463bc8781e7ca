// Primitives on one vector, for one floating type.

AI V FN(load)(const T *p) { return *(const UNALIGNED_V *)p; }
AI void FN(store)(T *p, V v) { *(UNALIGNED_V *)p = v; }
AI V FN(splat)(T x) { return (V)x; }
AI bool FN(any)(I mask) { return __builtin_reduce_or(mask) != 0; }

AI V FN(abs)(V x) { return (V)((U)x & ~(U)SIGN_BIT); }
AI U FN(sign)(V x) { return (U)x & SIGN_BIT; }
// x with the sign of `sign`, for x whose own sign bit is clear.
AI V FN(with_sign)(V x, U sign) { return (V)((U)x | sign); }
AI V FN(flip_sign)(V x, U sign) { return (V)((U)x ^ sign); }
AI V FN(sqrt)(V x) { return __builtin_elementwise_sqrt(x); }

// a * b + c; rounded once where that is an instruction.
AI V FN(fma)(V a, V b, V c) {
#if HAVE_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

// a * b = product + *error, exactly (without overflow or underflow). Dekker's splitting without FMA.
AI V FN(two_prod)(V a, V b, V *error) {
  V p = a * b;
#if HAVE_FMA
  *error = __builtin_elementwise_fma(a, b, -p);
#else
  V ta = a * SPLITTER, tb = b * SPLITTER;
  V ah = ta - (ta - a), bh = tb - (tb - b);
  V al = a - ah, bl = b - bh;
  *error = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
#endif
  return p;
}

// c - a * b, where the product is close to c, so that the difference is exact.
AI V FN(residual)(V a, V b, V c) {
#if HAVE_FMA
  return __builtin_elementwise_fma(-a, b, c);
#else
  V e, p = FN(two_prod)(a, b, &e);
  return (c - p) - e;
#endif
}

// a + b = sum + *error, exactly (Knuth).
AI V FN(two_sum)(V a, V b, V *error) {
  V s = a + b;
  V t = s - a;
  *error = (a - (s - t)) + (b - t);
  return s;
}

// The same for |a| >= |b| or a = 0 (Dekker).
AI V FN(fast_two_sum)(V a, V b, V *error) {
  V s = a + b;
  *error = b - (s - a);
  return s;
}

// Nearest integer, for |x| < 2^(mantissa bits - 1).
AI V FN(round_small)(V x) { return (x + MAGIC) - MAGIC; }

// To the nearest integer, half to even; any x.
AI V FN(rint)(V x) {
#if HAVE_ROUND
  return __builtin_elementwise_roundeven(x);
#else
  const T big = (T)(1ull << MANTISSA);
  V a = FN(abs)(x);
  V r = FN(with_sign)((a + big) - big, FN(sign)(x));
  return SEL(a < big, r, x);
#endif
}

AI V FN(floor)(V x) {
#if HAVE_ROUND
  return __builtin_elementwise_floor(x);
#else
  V r = FN(rint)(x);
  return SEL(r > x, r - C(1), r);
#endif
}

AI V FN(ceil)(V x) {
#if HAVE_ROUND
  return __builtin_elementwise_ceil(x);
#else
  V r = FN(rint)(x);
  return SEL(r < x, FN(with_sign)(FN(abs)(r + C(1)), FN(sign)(x)), r);
#endif
}

AI V FN(trunc)(V x) {
#if HAVE_ROUND
  return __builtin_elementwise_trunc(x);
#else
  return FN(with_sign)(FN(floor)(FN(abs)(x)), FN(sign)(x));
#endif
}

// 2^k for integral k within the exponents of normal numbers.
AI V FN(pow2)(V k) { return (V)((U)(k + (MAGIC + BIAS)) << MANTISSA); }

// x * 2^k for integral k, |k| < twice the largest exponent, with gradual underflow. Rounds at most once.
AI V FN(ldexp)(V x, V k) {
#if ISA_AVX512 && FLOAT_BITS == 64
  return (V)_mm512_scalef_pd((__m512d)x, (__m512d)k);
#elif ISA_AVX512
  return (V)_mm512_scalef_ps((__m512)x, (__m512)k);
#else
  V half = FN(round_small)(k * C(0.5));
  return x * FN(pow2)(half) * FN(pow2)(k - half);
#endif
}

// x = m 2^k with sqrt(1/2) <= m < sqrt(2), for positive finite x, denormal ones included.
AI V FN(split)(V x, V *k) {
#if ISA_AVX512 && FLOAT_BITS == 64
  V m = (V)_mm512_getmant_pd((__m512d)x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
  V e = (V)_mm512_getexp_pd((__m512d)x);
  I big = m >= 0x1.6a09e667f3bcdp0;
  *k = SEL(big, e + C(1), e);
  return SEL(big, m * C(0.5), m);
#elif ISA_AVX512
  V m = (V)_mm512_getmant_ps((__m512)x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
  V e = (V)_mm512_getexp_ps((__m512)x);
  I big = m >= 0x1.6a09e6p0f;
  *k = SEL(big, e + C(1), e);
  return SEL(big, m * C(0.5), m);
#else
  I tiny = x < SMALLEST_NORMAL;
  x = SEL(tiny, x * C(0x1p60), x);
  U t = (U)x + (ONE_BITS - SQRT_HALF_BITS);
  V e = (V)((t >> MANTISSA) + (U)FN(splat)(MAGIC)) - (MAGIC + BIAS);
  *k = SEL(tiny, e - C(60), e);
  return (V)((t & FRACTION) + SQRT_HALF_BITS);
#endif
}

// Horner's rule; the loop unrolls, as the count is known where this is inlined.
AI V FN(horner)(V x, const T *c, size_t n) {
  V y = FN(splat)(c[n - 1]);
#pragma clang loop unroll(full)
  for (size_t i = n - 1; i-- > 0;) y = FN(fma)(y, x, FN(splat)(c[i]));
  return y;
}
#ifndef POLY
#define POLY(name, x) FN(horner)(x, COEF(name), COUNT(COEF(name)))
#endif
