// Loads and stores of fewer elements than a vector holds (1 <= k < lanes). A load fills the other
// lanes with zeros; neither touches memory beyond the k elements.

#if ISA_AVX512
AI f32_vector f32_load_tail(const float *p, size_t k) {
  return (f32_vector)_mm512_maskz_loadu_ps((__mmask16)((1u << k) - 1), p);
}
AI void f32_store_tail(float *p, f32_vector v, size_t k) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << k) - 1), (__m512)v);
}
AI f64_vector f64_load_tail(const double *p, size_t k) {
  return (f64_vector)_mm512_maskz_loadu_pd((__mmask8)((1u << k) - 1), p);
}
AI void f64_store_tail(double *p, f64_vector v, size_t k) {
  _mm512_mask_storeu_pd(p, (__mmask8)((1u << k) - 1), (__m512d)v);
}
#elif ISA_AVX2
AI __m256i f32_mask(size_t k) {
  return (__m256i)((f32_ivector){0, 1, 2, 3, 4, 5, 6, 7} < (int32_t)k);
}
AI __m256i f64_mask(size_t k) { return (__m256i)((f64_ivector){0, 1, 2, 3} < (long)k); }
AI f32_vector f32_load_tail(const float *p, size_t k) { return (f32_vector)_mm256_maskload_ps(p, f32_mask(k)); }
AI void f32_store_tail(float *p, f32_vector v, size_t k) { _mm256_maskstore_ps(p, f32_mask(k), (__m256)v); }
AI f64_vector f64_load_tail(const double *p, size_t k) { return (f64_vector)_mm256_maskload_pd(p, f64_mask(k)); }
AI void f64_store_tail(double *p, f64_vector v, size_t k) { _mm256_maskstore_pd(p, f64_mask(k), (__m256d)v); }
#else
// Four and two lanes.
AI f32_vector f32_load_tail(const float *p, size_t k) {
  return (f32_vector){p[0], k > 1 ? p[1] : 0, k > 2 ? p[2] : 0, 0};
}
AI void f32_store_tail(float *p, f32_vector v, size_t k) {
  p[0] = v[0];
  if (k > 1) p[1] = v[1];
  if (k > 2) p[2] = v[2];
}
AI f64_vector f64_load_tail(const double *p, size_t k) {
  (void)k;
  return (f64_vector){p[0], 0};
}
AI void f64_store_tail(double *p, f64_vector v, size_t k) {
  (void)k;
  p[0] = v[0];
}
#endif
