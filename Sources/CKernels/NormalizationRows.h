// The body of the normalization kernels; see RowVectors.h for what it is included with, adj_rows.h for what
// they compute.

static void NAME(normalize)(const T *x, int64_t rows, int64_t length, double eps, const T *weight, const T *bias, T *y,
                            T *mean, T *scale) {
  int64_t whole = length - length % WIDTH;
  for (int64_t row = 0; row < rows; row++, x += length, y += length) {
    NAME(dvector) sums = 0, squares = 0;
    T center = 0;
    if (mean) {
      for (int64_t i = 0; i < whole; i += WIDTH) sums += __builtin_convertvector(NAME(load)(x + i), NAME(dvector));
      double sum = NAME(total)(&sums);
      for (int64_t i = whole; i < length; i++) sum += (double)x[i];
      mean[row] = center = (T)(sum / (double)length);
    }
    for (int64_t i = 0; i < whole; i += WIDTH) {
      NAME(vector) distance = NAME(load)(x + i) - center;
      squares += __builtin_convertvector(distance * distance, NAME(dvector));
    }
    double square = NAME(total)(&squares);
    for (int64_t i = whole; i < length; i++) square += (double)((x[i] - center) * (x[i] - center));
    T factor = scale[row] = (T)(1 / sqrt(square / (double)length + eps));
    for (int64_t i = 0; i < whole; i += WIDTH) {
      NAME(vector) value = (NAME(load)(x + i) - center) * factor;
      if (weight) value *= NAME(load)(weight + i);
      if (bias) value += NAME(load)(bias + i);
      NAME(store)(y + i, value);
    }
    for (int64_t i = whole; i < length; i++) {
      T value = (x[i] - center) * factor;
      if (weight) value *= weight[i];
      y[i] = bias ? value + bias[i] : value;
    }
  }
}

// Adds WIDTH numbers to sums in float64.
static inline __attribute__((always_inline)) void NAME(add_to)(double *sums, NAME(vector) values) {
  NAME(dvector) held;
  memcpy(&held, sums, sizeof held);
  held += __builtin_convertvector(values, NAME(dvector));
  memcpy(sums, &held, sizeof held);
}

static void NAME(normalize_slopes)(const T *u, const T *x, int64_t rows, int64_t length, const T *weight, const T *mean,
                                   const T *scale, T *dst, double *weight_sums, double *bias_sums) {
  int64_t whole = length - length % WIDTH;
  for (int64_t row = 0; row < rows; row++, u += length, x += length) {
    T center = mean ? mean[row] : 0, factor = scale[row];
    NAME(dvector) sums = 0, products = 0;
    for (int64_t i = 0; i < whole; i += WIDTH) {
      NAME(vector) seed = NAME(load)(u + i), normal = (NAME(load)(x + i) - center) * factor;
      if (weight_sums) NAME(add_to)(weight_sums + i, seed * normal);
      if (bias_sums) NAME(add_to)(bias_sums + i, seed);
      if (weight) seed *= NAME(load)(weight + i);
      sums += __builtin_convertvector(seed, NAME(dvector));
      products += __builtin_convertvector(seed * normal, NAME(dvector));
    }
    double sum = NAME(total)(&sums), product = NAME(total)(&products);
    for (int64_t i = whole; i < length; i++) {
      T seed = u[i], normal = (x[i] - center) * factor;
      if (weight_sums) weight_sums[i] += (double)(seed * normal);
      if (bias_sums) bias_sums[i] += (double)seed;
      if (weight) seed *= weight[i];
      sum += (double)seed;
      product += (double)(seed * normal);
    }
    if (!dst) continue;
    T first = mean ? (T)(sum / (double)length) : 0, second = (T)(product / (double)length);
    for (int64_t i = 0; i < whole; i += WIDTH) {
      NAME(vector) seed = NAME(load)(u + i), normal = (NAME(load)(x + i) - center) * factor;
      if (weight) seed *= NAME(load)(weight + i);
      NAME(store)(dst + i, factor * (seed - first - normal * second));
    }
    for (int64_t i = whole; i < length; i++) {
      T seed = weight ? u[i] * weight[i] : u[i], normal = (x[i] - center) * factor;
      dst[i] = factor * (seed - first - normal * second);
    }
    dst += length;
  }
}
