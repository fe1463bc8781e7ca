// polygamma, one value at a time.
#include "kernels.h"
#include <math.h>

// Hurwitz's zeta(s, x), x > 0, times e^log_times, by Euler-Maclaurin summation (as Cephes' zeta.c): a
// direct sum up to where the series of Bernoulli numbers converges, the tail by the series. Where the
// powers would leave the range of numbers, every term takes the factor with it (`apart` is false), at
// the price of some accuracy.
static double zeta_times(double s, double x, bool apart, double log_times) {
  // B_2k / (2k)!
  static const double bernoulli[] = {
      1.0 / 12,
      -1.0 / 720,
      1.0 / 30240,
      -1.0 / 1209600,
      1.0 / 47900160,
      -691.0 / 1307674368000.0,
      1.0 / 74724249600.0,
      -3617.0 / 10670622842880000.0,
      43867.0 / 5109094217170944000.0,
      -174611.0 / 802857662698291200000.0,
  };
  double sum = 0, a = x, stop = 12 + s;
  while (a < stop) {
    double term = apart ? pow(a, -s) : exp(log_times - s * log(a));
    sum += term;
    a += 1;
    if (!(term > sum * 1e-18)) break;
  }
  double power = apart ? pow(a, -s) : exp(log_times - s * log(a));
  sum += power * a / (s - 1) + 0.5 * power;
  double factor = s * power / a;
  for (int k = 0; k < 10; k++) {
    double t = bernoulli[k] * factor;
    sum += t;
    if (!(fabs(t) > fabs(sum) * 1e-18)) break;
    factor *= (s + 2 * k + 1) * (s + 2 * k + 2) / (a * a);
  }
  return sum;
}

static double factorial(int n) {
  double y = 1;
  for (int i = 2; i <= n; i++) y *= i;
  return y;
}

// The n-th derivative of pi cot(pi x), as -pi^(n+1) times a polynomial in the cotangent, up to sign:
// d/dx P(c) = -pi (1 + c^2) P'(c).
static double cotangent_derivative(int n, double x) {
  enum { LARGEST = 40 };
  if (n > LARGEST) return NAN;
  double p[LARGEST + 3] = {0}, q[LARGEST + 3];
  p[1] = 1;
  for (int step = 1; step <= n; step++) {
    int degree = step + 1;
    for (int i = 0; i <= degree; i++) q[i] = 0;
    for (int i = 1; i <= degree - 1; i++) {
      q[i - 1] -= i * p[i];
      q[i + 1] -= i * p[i];
    }
    for (int i = 0; i <= degree; i++) p[i] = q[i];
  }
  double f = x - rint(x);
  double c = fabs(f) == 0.5 ? 0 : 1 / tan(M_PI * f);
  if (fabs(f) > 0.25) c = tan(M_PI * (copysign(0.5, f) - f));
  double y = 0;
  for (int i = n + 1; i >= 0; i--) y = y * c + p[i];
  return y * pow(M_PI, n + 1);
}

double adj_polygamma_scalar(double order, double x) {
  if (isnan(order) || isnan(x) || order < 0 || order != floor(order)) return NAN;
  if (order == 0) {
    double y;
    adj_kernels_get()->op[1][ADJ_DIGAMMA](&y, &x, &x, &x, 1);
    return y;
  }
  double sign = fmod(order, 2) == 1 ? 1 : -1;
  if (x == INFINITY) return sign * 0.0;
  if (x <= 0 && x == floor(x)) return fmod(order, 2) == 1 ? INFINITY : x == 0 && !signbit(x) ? -INFINITY : x == 0 ? INFINITY : NAN;
  if (x < 0) {
    // psi_n(1 - x) (-1)^n - psi_n(x) = d^n/dx^n pi cot(pi x)
    if (order > 40 || x < -0x1p52) return NAN;
    double other = adj_polygamma_scalar(order, 1 - x);
    return -sign * other - cotangent_derivative((int)order, x);
  }
  double s = order + 1, largest = fmax(fabs(log(x)), log(12 + s + x));
  if (order <= 170 && s * largest < 650) return sign * (zeta_times(s, x, true, 0) * factorial((int)order));
  return sign * zeta_times(s, x, false, lgamma(s));
}
