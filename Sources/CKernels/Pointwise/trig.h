// Circular functions: reduction by multiples of pi/2 (or pi) in several parts after Cody and Waite,
// with the kernels and the rounding analysis of fdlibm (k_sin.c, k_cos.c). Lanes beyond the range of
// the reduction go through the C library.

#ifndef SLOW_LANES
// Replaces the lanes of y where |x| > limit by the library's value.
#define SLOW_LANES(y, x, limit, function)                                  \
  do {                                                                     \
    if (__builtin_expect(FN(any)(~(FN(abs)(x) <= (limit))), 0)) {          \
      for (size_t lane = 0; lane < LANE_BYTES / sizeof(T); lane++)         \
        if (!(__builtin_fabs((double)(x)[lane]) <= (double)(limit))) (y)[lane] = (T)function((double)(x)[lane]); \
    }                                                                      \
  } while (0)
#endif

#if FLOAT_BITS == 64
#define REDUCTION_LIMIT 0x1p20

// x = k pi/2 + (result + *low), |result| <= pi/4. The products with the parts of pi/2 (33 bits each)
// are exact.
AI V FN(reduce)(V x, V *low, I *quadrant) {
  V shifted = x * 0x1.45f306dc9c883p-1 + MAGIC;
  V k = shifted - MAGIC;
  *quadrant = (I)shifted;
  V a = x - k * 0x1.921fb544p+0;
  V be, b = FN(two_sum)(a, k * -0x1.0b4611a6p-34, &be);
  V ce, c = FN(two_sum)(b, k * -0x1.3198a2ep-69, &ce);
  V l = (be + ce) - k * 0x1.b839a252049c1p-104;
  return FN(fast_two_sum)(c, l, low);
}

AI V FN(sin_kernel)(V r, V low) {
  V z = r * r;
  return r + FN(fma)(r * z, POLY(SIN, z), low * (1 - 0.5 * z));
}

AI V FN(cos_kernel)(V r, V low) {
  V z = r * r, half = 0.5 * z;
  V w = 1 - half;
  return w + (((1 - w) - half) + FN(fma)(z * z, POLY(COS, z), -(r * low)));
}

// sin(x + turns pi/2) for turns = 0 or 1.
AI V FN(sin_or_cos)(V x, int turns) {
  V low, r;
  I q;
  r = FN(reduce)(x, &low, &q);
  q += turns;
  V s = FN(sin_kernel)(r, low), c = FN(cos_kernel)(r, low);
  V y = SEL((q & 1) != 0, c, s);
  return FN(flip_sign)(y, (U)(q & 2) << (FLOAT_BITS - 2));
}

AI V FN(sin)(V x) {
  V y = FN(sin_or_cos)(x, 0);
  y = SEL(x == 0, x, y);
  SLOW_LANES(y, x, REDUCTION_LIMIT, sin);
  return y;
}

AI V FN(cos)(V x) {
  V y = FN(sin_or_cos)(x, 1);
  SLOW_LANES(y, x, REDUCTION_LIMIT, cos);
  return y;
}

// sin / cos of the reduced argument, both as unevaluated sums, so that only the last addition rounds
// noticeably.
AI V FN(tan)(V x) {
  V low;
  I q;
  V r = FN(reduce)(x, &low, &q);
  V z = r * r, half = 0.5 * z;
  V sl, s = FN(fast_two_sum)(r, FN(fma)(r * z, POLY(SIN, z), low * (1 - half)), &sl);
  V wl, w = FN(fast_two_sum)(FN(splat)(1), -half, &wl);
  V cl, c = FN(fast_two_sum)(w, wl + FN(fma)(z * z, POLY(COS, z), -(r * low)), &cl);
  I odd = (q & 1) != 0;
  V n = SEL(odd, -c, s), nl = SEL(odd, -cl, sl);
  V d = SEL(odd, s, c), dl = SEL(odd, sl, cl);
  V reciprocal = 1 / d;
  V t = n * reciprocal;
  t = t + (FN(residual)(t, d, n) + nl - t * dl) * reciprocal;
  t = SEL(x == 0, x, t);
  SLOW_LANES(t, x, REDUCTION_LIMIT, tan);
  return t;
}
#elif HAVE_FMA
// With fused multiply-add the first step of the reduction is exact, as the difference has no more bits
// than a float; the others round relative to what is left.
#define F32_REDUCTION_LIMIT 0x1p16f

// sin(x + turns pi/2) for turns = 0 or 1, x >= 0.
AI V f32_sin_or_cos(V x, uint32_t turns) {
  V shifted = f32_fma(x, f32_splat(0x1.45f306p-1f), f32_splat(MAGIC));
  V k = shifted - MAGIC;
  V r = f32_fma(k, f32_splat(-0x1.921fb4p+0f), x);
  r = f32_fma(k, f32_splat(-0x1.4442dp-24f), r);
  r = f32_fma(k, f32_splat(-0x1.846988p-48f), r);
  U q = (U)shifted + turns;
  V z = r * r;
  V s = f32_fma(r * z, POLY(SIN, z), r);
  V c = f32_fma(z, f32_fma(z, POLY(COS, z), f32_splat(-0.5f)), f32_splat(1));
  return f32_flip_sign(SEL((I)(q & 1) != 0, c, s), (q & 2) << 30);
}

AI V f32_sin(V x) {
  V y = f32_flip_sign(f32_sin_or_cos(f32_abs(x), 0), f32_sign(x));
  SLOW_LANES(y, x, F32_REDUCTION_LIMIT, sin);
  return y;
}

AI V f32_cos(V x) {
  V y = f32_sin_or_cos(f32_abs(x), 1);
  SLOW_LANES(y, x, F32_REDUCTION_LIMIT, cos);
  return y;
}
#endif
