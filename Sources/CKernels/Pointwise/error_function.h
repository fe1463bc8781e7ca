// Error functions. erfc(x) = e^(-x^2) erfcx(x), with erfcx as a polynomial in 1 / (x + 3), a form that
// goes back to Hastings (Approximations for Digital Computers, 1955); x^2 is squared exactly. erfinv
// follows M. Giles (Approximating the erfinv function, 2010). The coefficients are our own.

// erfc(x) for x >= 1/2, up to underflow. `careful` carries the polynomial's last steps in double-double,
// for a result that is not about to be subtracted from one.
AI V FN(erfc_tail)(V x, bool careful) {
  const T top = FLOAT_BITS == 64 ? C(28) : C(10.2);
  x = SEL(x > top, FN(splat)(top), x);
  V dl, d = FN(two_sum)(x, FN(splat)(3), &dl);
  V u = C(1) / d;
  V sl, s = FN(two_prod)(x, x, &sl);
  V pl, k, p = FN(exp_parts)(-s, -sl, &pl, &k);
  if (!careful) return FN(ldexp)(p * (u * POLY(ERFCX, u)), k);

  // What the reciprocal lacks: (1 - u d) / d.
  V ul = u * (FN(residual)(u, d, FN(splat)(1)) - u * dl);
  const T *c = COEF(ERFCX);
  V y = FN(horner)(u, c + 2, COUNT(COEF(ERFCX)) - 2);
  V ml, m = FN(two_prod)(u, y, &ml);
  V ql, q = FN(two_sum)(FN(splat)(c[1]), m, &ql);
  ql += ml;
  m = FN(two_prod)(u, q, &ml);
  V wl, w = FN(two_sum)(FN(splat)(c[0]), m, &wl);
  wl += ml + u * ql + ul * q;
  V gl, g = FN(two_prod)(u, w, &gl);
  gl += u * wl + ul * w;
  return FN(ldexp)(FN(fma)(p, g, FN(fma)(p, gl, pl * g)), k);
}

AI V FN(erf)(V x) {
  V ax = FN(abs)(x), z = ax * ax;
  V small = FN(fma)(ax, POLY(ERF, z), ax);
  V large = C(1) - FN(erfc_tail)(ax, false);
  return FN(flip_sign)(SEL(ax < C(1), small, large), FN(sign)(x));
}

AI V FN(erfc)(V x) {
  V ax = FN(abs)(x), z = ax * ax;
  V small = C(1) - FN(fma)(x, POLY(ERF, z), x);
  V large = FN(erfc_tail)(ax, true);
  return SEL(ax < C(0.5), small, SEL(x < C(0), C(2) - large, large));
}

#if FLOAT_BITS == 64
AI V FN(erfinv)(V x) {
  V ax = FN(abs)(x);
  V w = -FN(log)((1 - ax) * (1 + ax));
  V p = POLY(ERFINV_A, w - 3);
  if (FN(any)(w > 6)) {
    V s = FN(sqrt)(w);
    p = SEL(w > 6, POLY(ERFINV_B, s - 3.25), p);
    p = SEL(w > 16, POLY(ERFINV_C, s - 5), p);
  }
  V y = SEL(ax == 1, x * __builtin_inf(), x * p);
  return SEL(ax > 1, FN(splat)(__builtin_nan("")), y);
}
#endif
