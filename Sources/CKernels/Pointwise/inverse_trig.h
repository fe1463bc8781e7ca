// Inverse circular functions. Interval splitting as in fdlibm (e_asin.c, s_atan.c).

// s = sqrt(z) and *low, what is missing.
AI V FN(sqrt_pair)(V z, V *low) {
  V s = FN(sqrt)(z);
  V l = FN(residual)(s, s, z) / (s + s);
  *low = SEL(s > C(0), l, FN(splat)(0));
  return s;
}

// For |x| > 1/2: asin x = pi/2 - 2 asin(sqrt((1 - x) / 2)).
AI V FN(asin)(V x) {
  V ax = FN(abs)(x);
  I big = ax > C(0.5);
  V z = SEL(big, C(0.5) - C(0.5) * ax, ax * ax);
  V sl, s = FN(sqrt_pair)(z, &sl);
  s = SEL(big, s, ax);
  V p = z * POLY(ASIN, z);
  V h = PI_HIGH / 2 - C(2) * s;
  V l = (PI_HIGH / 2 - h) - C(2) * s;
  V y = SEL(big, h + (l + (PI_LOW / 2 - C(2) * (sl + s * p))), s + s * p);
  return FN(flip_sign)(y, FN(sign)(x));
}

AI V FN(acos)(V x) {
  V ax = FN(abs)(x);
  I big = ax > C(0.5), negative = x < C(0);
  V z = SEL(big, C(0.5) - C(0.5) * ax, ax * ax);
  V sl, s = FN(sqrt_pair)(z, &sl);
  s = SEL(big, s, x);
  V p = z * POLY(ASIN, z);
  V t = SEL(big, sl + s * p, s * p);  // asin(s) = s + t
  // base - scale (s + t), base and scale (0, -2), (pi, 2) or (pi/2, 1)
  V scale = SEL(big, SEL(negative, FN(splat)(2), FN(splat)(-2)), FN(splat)(1));
  V base = SEL(big, SEL(negative, FN(splat)(PI_HIGH), FN(splat)(0)), FN(splat)(PI_HIGH / 2));
  V base_low = SEL(big, SEL(negative, FN(splat)(PI_LOW), FN(splat)(0)), FN(splat)(PI_LOW / 2));
  V ss = scale * s;
  V h = base - ss;
  V l = (base - h) - ss;
  return h + (l + (base_low - scale * t));
}

// atan(y / x) for x, y >= 0, without overflow. The quotient's rounding error is carried along if
// `careful` (it is zero for x = 1 and the first interval).
AI V FN(atan_core)(V y, V x, bool careful) {
  const T half = FLOAT_BITS == 64 ? C(0x1.dac670561bb4fp-2) : C(0x1.dac67p-2);
  const T half_low = FLOAT_BITS == 64 ? C(0x1.a2b7f222f65e2p-56) : C(0x1.586ed4p-28);
  const T one_half = FLOAT_BITS == 64 ? C(0x1.f730bd281f69bp-1) : C(0x1.f730bep-1);
  const T one_half_low = FLOAT_BITS == 64 ? C(0x1.007887af0cbbdp-56) : C(-0x1.afc12cp-26);
  const T tiny = FLOAT_BITS == 64 ? C(0x1p-900) : C(0x1p-70);
  V n = y, d = x, base = FN(splat)(0), low = FN(splat)(0);
  I c = y > x * C(7.0 / 16);
  n = SEL(c, C(2) * y - x, n);
  d = SEL(c, C(2) * x + y, d);
  base = SEL(c, FN(splat)(half), base);
  low = SEL(c, FN(splat)(half_low), low);
  c = y > x * C(11.0 / 16);
  n = SEL(c, y - x, n);
  d = SEL(c, x + y, d);
  base = SEL(c, FN(splat)(PI_HIGH / 4), base);
  low = SEL(c, FN(splat)(PI_LOW / 4), low);
  c = y > x * C(19.0 / 16);
  n = SEL(c, FN(fma)(FN(splat)(-3), x, C(2) * y), n);
  d = SEL(c, FN(fma)(FN(splat)(3), y, C(2) * x), d);
  base = SEL(c, FN(splat)(one_half), base);
  low = SEL(c, FN(splat)(one_half_low), low);
  c = y > x * C(39.0 / 16);
  n = SEL(c, -x, n);
  d = SEL(c, y, d);
  base = SEL(c, FN(splat)(PI_HIGH / 2), base);
  low = SEL(c, FN(splat)(PI_LOW / 2), low);
  V t = n / d;
  // (Not for numerators so small that the residual would underflow.)
  if (careful) low += SEL(FN(abs)(n) > tiny, FN(residual)(t, d, n) / d, FN(splat)(0));
  V z = t * t;
  V s = FN(fma)(t * z, POLY(ATAN, z), low);
  V e, h = FN(fast_two_sum)(base, t, &e);
  return h + (e + s);
}

AI V FN(atan)(V x) {
  V ax = FN(abs)(x);
  // Beyond this the arctangent is pi/2; the bound keeps the arithmetic finite.
  ax = SEL(ax > C(0x1p100), FN(splat)(0x1p100), ax);
  return FN(flip_sign)(FN(atan_core)(ax, FN(splat)(1), false), FN(sign)(x));
}

AI V FN(atan2)(V y, V x) {
  const T infinity = __builtin_inff();
  V ay = FN(abs)(y), ax = FN(abs)(x);
  // Bring both to a range where nothing over- or underflows that matters.
  V largest = SEL(ay > ax, ay, ax);
  const T big = FLOAT_BITS == 64 ? C(0x1p900) : C(0x1p100), small = FLOAT_BITS == 64 ? C(0x1p-800) : C(0x1p-60);
  const T down = FLOAT_BITS == 64 ? C(0x1p-200) : C(0x1p-30), up = FLOAT_BITS == 64 ? C(0x1p200) : C(0x1p60);
  V factor = SEL(largest > big, FN(splat)(down), SEL(largest < small, FN(splat)(up), FN(splat)(1)));
  V n = ay * factor, d = ax * factor;
  n = SEL(ay == infinity, FN(splat)(1), SEL(ax == infinity, FN(splat)(0), n));
  d = SEL(ax == infinity, FN(splat)(1), SEL(ay == infinity, FN(splat)(0), d));
  d = SEL(largest == C(0), FN(splat)(1), d);
  V a = FN(atan_core)(n, d, true);
  I left = (I)((U)x >> (FLOAT_BITS - 1)) != 0;
  a = SEL(left, PI_HIGH - (a - PI_LOW), a);
  a = FN(flip_sign)(a, FN(sign)(y));
  return SEL((x != x) | (y != y), x + y, a);
}
