// Powers and roots.

// log(x) as the unevaluated sum of the result and *low, good to about 2^-64 (float32: 2^-33), for
// positive finite x: 2 atanh((m - 1) / (m + 1)) in double-double up to the cubic term, as in SLEEF's
// pow (N. Shibata and F. Petrogalli, IEEE TPDS 2020).
AI V FN(log_double)(V x, V *low) {
  V k, m = FN(split)(x, &k);
  V f = m - C(1), d = m + C(1);
  V dl = m - (d - C(1));
  V reciprocal = C(1) / d;
  V s = f * reciprocal;
  V sl = (FN(residual)(s, d, f) - s * dl) * reciprocal;
  V zl, z = FN(two_prod)(s, s, &zl);
  zl += C(2) * s * sl;
  // 2/3 + z P(z)
  const T two_thirds = FLOAT_BITS == 64 ? C(0x1.5555555555555p-1) : C(0x1.555556p-1);
  const T two_thirds_low = FLOAT_BITS == 64 ? C(0x1.5555555555555p-55) : C(-0x1.555556p-26);
  V tl, t = FN(fast_two_sum)(FN(splat)(two_thirds), z * POLY(LOG_POW, z), &tl);
  tl += two_thirds_low;
  V ul, u = FN(two_prod)(z, t, &ul);
  ul += z * tl + zl * t;
  V vl, v = FN(two_prod)(s, u, &vl);
  vl += s * ul + sl * u;
  V e, h = FN(fast_two_sum)(k * LN2_HIGH, C(2) * s, &e);
  V e2, h2 = FN(fast_two_sum)(h, v, &e2);
  V l = e + e2 + (k * LN2_LOW + (C(2) * sl + vl));
  return FN(fast_two_sum)(h2, l, low);
}

AI V FN(pow)(V x, V y) {
  const T huge = FLOAT_BITS == 64 ? C(0x1p66) : C(0x1p36);
  V ax = FN(abs)(x), ay = FN(abs)(y);
  V ll, l = FN(log_double)(ax, &ll);
  // Beyond `huge` the power of any number but one over- or underflows, whatever y is.
  V bounded = FN(with_sign)(SEL(ay > huge, FN(splat)(huge), ay), FN(sign)(y));
  V pl, p = FN(two_prod)(bounded, l, &pl);
  pl += bounded * ll;
  pl = SEL((p > MAX_EXP) | (p < MIN_EXP), FN(splat)(0), pl);
  V rest, k, e = FN(exp_parts)(p, pl, &rest, &k);
  V r = FN(ldexp)(e, k);

  // C's special cases (Annex F.10.4.4).
  const T infinity = __builtin_inff();
  V half = y * C(0.5);
  I integral = FN(rint)(y) == y;
  I odd = integral & (FN(rint)(half) != half);
  I negative = (I)((U)x >> (FLOAT_BITS - 1)) != 0;
  r = SEL((ax == C(0)) | (ax == infinity), SEL((ax == C(0)) == (y < C(0)), FN(splat)(infinity), FN(splat)(0)), r);
  r = SEL(negative & odd, -r, r);
  r = SEL(negative & ~integral & (ax != C(0)) & (ax != infinity), FN(splat)(__builtin_nanf("")), r);
  r = SEL(ay == infinity,
          SEL(ax == C(1), FN(splat)(1), SEL((ax > C(1)) == (y > C(0)), FN(splat)(infinity), FN(splat)(0))), r);
  r = SEL((x != x) | (y != y), x + y, r);
  return SEL((x == C(1)) | (y == C(0)), FN(splat)(1), r);
}

// Newton-like iterations of third order for m^(-1/3), then one correction of the cube root itself
// with an exact residual.
AI V FN(cbrt)(V x) {
  V k, m = FN(split)(FN(abs)(x), &k);
  V q = FN(round_small)(k * C(0x1.5555555555555p-2));
  V r = k - C(3) * q;
  V y = POLY(CBRT, m - C(1));
  // Times 2^(-r/3).
  V factor = SEL(r == C(0), FN(splat)(1), SEL(r > C(0), FN(splat)(C(0x1.965fea53d6e3dp-1)), FN(splat)(C(0x1.428a2f98d728bp+0))));
  y *= factor;
  m *= FN(pow2)(r);
  V h = C(1) - m * y * y * y;
  y = y + y * h * (C(1.0 / 3) + h * (C(2.0 / 9) + h * C(14.0 / 81)));
  V c = m * (y * y);
  V sl, s = FN(two_prod)(c, c, &sl);
  V pl, p = FN(two_prod)(s, c, &pl);
  V rest = (p - m) + (pl + sl * c);
  c = c - rest * (y * y) * C(1.0 / 3);
  c = FN(with_sign)(c * FN(pow2)(q), FN(sign)(x));
  V special = x + x;
  return SEL((x == C(0)) | ~(FN(abs)(x) < (T)__builtin_inff()), special, c);
}

AI V FN(hypot)(V x, V y) {
  V a = FN(abs)(x), b = FN(abs)(y);
  I infinite = (a == (T)__builtin_inff()) | (b == (T)__builtin_inff());
  V high = SEL(a > b, a, b), low = SEL(a > b, b, a);
  V k, m = FN(split)(high, &k);
  low = FN(ldexp)(low, -k);
  V r = FN(ldexp)(FN(sqrt)(FN(fma)(m, m, low * low)), k);
  r = SEL(high == C(0), high, r);
  r = SEL((x != x) | (y != y), x + y, r);
  return SEL(infinite, FN(splat)(__builtin_inff()), r);
}
