// Exponentials and logarithms. The reductions are those of fdlibm (e_exp.c, e_log.c, s_log1p.c); the
// polynomials are our own fits (see coefficients.h).

// e^(x + low) = (p + *rest) 2^k; `low` is a small correction. Beyond the range of exp, x is clamped to
// values that still overflow or vanish.
AI V FN(exp_parts)(V x, V low, V *rest, V *k) {
  x = SEL(x > MAX_EXP, FN(splat)(MAX_EXP), x);
  x = SEL(x < MIN_EXP, FN(splat)(MIN_EXP), x);
  *k = FN(round_small)(x * C(0x1.71547652b82fep+0));
  V r = FN(fma)(*k, FN(splat)(-LN2_HIGH), x);
  V l, s = FN(fast_two_sum)(r, *k * -LN2_LOW, &l);
  s = FN(fast_two_sum)(s, l + low, &l);
  return FN(fast_two_sum)(FN(splat)(1), FN(fma)(s * s, POLY(EXP, s), l) + s, rest);
}

AI V FN(exp)(V x) {
  // As exp_parts, without an addition of zero that the compiler may not drop.
  V y = SEL(x > MAX_EXP, FN(splat)(MAX_EXP), x);
  y = SEL(y < MIN_EXP, FN(splat)(MIN_EXP), y);
  V k = FN(round_small)(y * C(0x1.71547652b82fep+0));
  V r = FN(fma)(k, FN(splat)(-LN2_HIGH), y);
  r = FN(fma)(k, FN(splat)(-LN2_LOW), r);
  return FN(ldexp)(FN(fma)(r * r, POLY(EXP, r), r) + C(1), k);
}

AI V FN(exp2)(V x) {
  const T top = FLOAT_BITS == 64 ? C(1025) : C(129), bottom = FLOAT_BITS == 64 ? C(-1080) : C(-160);
  x = SEL(x > top, FN(splat)(top), x);
  x = SEL(x < bottom, FN(splat)(bottom), x);
  V k = FN(round_small)(x);
  V r = x - k;
  return FN(ldexp)(FN(fma)(r, POLY(EXP2, r), FN(splat)(1)), k);
}

// 2^k (1 + expm1(r)) - 1 as 2^k (expm1(r) + (1 - 2^-k)), whose terms never cancel badly.
AI V FN(expm1)(V x) {
  V y = SEL(x > MAX_EXP, FN(splat)(MAX_EXP), x);
  y = SEL(y < C(-60), FN(splat)(-60), y);
  V k = FN(round_small)(y * C(0x1.71547652b82fep+0));
  V r = FN(fma)(k, FN(splat)(-LN2_HIGH), y);
  V product = k * LN2_LOW, low;
  r = FN(fast_two_sum)(r, -product, &low);
  V capped = SEL(k > C(64), FN(splat)(64), k);
  V c = C(1) - FN(pow2)(-capped);
  V e, s = FN(fast_two_sum)(c, r, &e);
  V q = FN(fma)(r * r, POLY(EXPM1, r), low);
  return SEL(x == C(0), x, FN(ldexp)(s + (e + q), k));
}

// log(1 + f) = f - (f^2 / 2 - tail) for sqrt(1/2) <= 1 + f < sqrt(2).
AI V FN(log_tail)(V f, V half_square) {
#if FLOAT_BITS == 64
  V s = f / (f + C(2));
  V z = s * s;
  return s * FN(fma)(z, POLY(LOG_S, z), half_square);
#else
  (void)half_square;
  return f * f * f * POLY(LOG_F, f);
#endif
}

// The logarithm's value where x is not a positive finite number.
AI V FN(log_special)(V y, V x) {
  y = SEL(x == C(0), FN(splat)(-__builtin_inff()), y);
  y = SEL(x == __builtin_inff(), x, y);
  return SEL(x >= C(0), y, x + (T)__builtin_nanf(""));
}

AI V FN(log)(V x) {
  V k, f = FN(split)(x, &k) - C(1);
  V h = C(0.5) * f * f;
  V t = FN(log_tail)(f, h);
  V y = FN(fma)(k, FN(splat)(LN2_HIGH), -((h - FN(fma)(k, FN(splat)(LN2_LOW), t)) - f));
  return FN(log_special)(y, x);
}

// log((high + low) 2^extra) for |low| within an ulp or so of high.
AI V FN(log_sum)(V high, V low, V extra) {
  V k, f = FN(split)(high, &k) - C(1);
  V c = low / high;
  k += extra;
  V h = C(0.5) * f * f;
  V t = FN(log_tail)(f, h) + c;
  V y = FN(fma)(k, FN(splat)(LN2_HIGH), -((h - FN(fma)(k, FN(splat)(LN2_LOW), t)) - f));
  return FN(log_special)(y, high);
}

AI V FN(log1p)(V x) {
  V low, u = FN(two_sum)(FN(splat)(1), x, &low);
  low = SEL(u == __builtin_inff(), FN(splat)(0), low);
  return SEL(x == C(0), x, FN(log_sum)(u, low, FN(splat)(0)));
}

// log(m) as an unevaluated sum, the high part short enough for exact products with short constants.
AI V FN(log_pair)(V f, V *low) {
  V h = C(0.5) * f * f;
  V t = FN(log_tail)(f, h);
  V high = (V)((U)(f - h) & HIGH_PART);
  *low = ((f - high) - h) + t;
  return high;
}

// k + log(m) / log 2, with FreeBSD's splitting (e_log2.c).
AI V FN(log2)(V x) {
  // 1 / log 2, the high part short.
  const T high = FLOAT_BITS == 64 ? C(0x1.7154765p+0) : C(0x1.715p+0);
  const T low = FLOAT_BITS == 64 ? C(0x1.5c17f0bbbe88p-31) : C(0x1.1d94aep-14);
  V k, f = FN(split)(x, &k) - C(1), l;
  V h = FN(log_pair)(f, &l);
  V a = h * high;
  V b = (l + h) * low + l * high;
  V e, s = FN(fast_two_sum)(k, a, &e);
  return FN(log_special)(s + (b + e), x);
}

AI V FN(log10)(V x) {
  // 1 / log 10 and log10(2), the high parts short.
  const T high = FLOAT_BITS == 64 ? C(0x1.bcb7b15p-2) : C(0x1.bcbp-2);
  const T low = FLOAT_BITS == 64 ? C(0x1.37287195355bbp-33) : C(0x1.ec549cp-16);
  const T two_high = FLOAT_BITS == 64 ? C(0x1.34413509f78p-2) : C(0x1.344p-2);
  const T two_low = FLOAT_BITS == 64 ? C(0x1.fef311f12b358p-46) : C(0x1.3509f8p-18);
  V k, f = FN(split)(x, &k) - C(1), l;
  V h = FN(log_pair)(f, &l);
  V a = h * high;
  V b = FN(fma)(k, FN(splat)(two_low), (l + h) * low + l * high);
  V e, s = FN(fast_two_sum)(k * two_high, a, &e);
  return FN(log_special)(s + (b + e), x);
}
