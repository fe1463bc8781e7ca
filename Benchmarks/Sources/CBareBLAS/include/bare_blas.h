// The CBLAS calls that a program without the library would write.
#ifndef BARE_BLAS_H
#define BARE_BLAS_H

// c = op(a) * op(b) for row-major n by n matrices.
void bare_sgemm(int transpose_a, int transpose_b, int n, const float *a, const float *b, float *c);

float bare_sdot(int count, const float *x, const float *y);

// How many threads OpenBLAS uses in these calls. The engine has it use one, and splits products itself.
void bare_use_threads(int count);

#endif
