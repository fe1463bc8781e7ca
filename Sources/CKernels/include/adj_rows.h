// Kernels over the rows of contiguous matrices [rows, length], float32 or float64. Sums are kept in float64.
#ifndef ADJ_ROWS_H
#define ADJ_ROWS_H
#include "adj_types.h"

// Rows of softmax, log-softmax or log-sum-exp, without overflow. max -inf (all entries -inf): softmax NaN,
// log-sum-exp -inf; any +inf follows IEEE as torch.
typedef enum adj_softmax_kind { ADJ_SOFTMAX = 0, ADJ_LOG_SOFTMAX, ADJ_LOG_SUM_EXP } adj_softmax_kind;
void adj_softmax_rows(adj_dtype dtype, adj_softmax_kind kind, const void *src, int64_t rows, int64_t length, void *dst);

// The pullback of rows of softmax, y (u - sum(u y)), or of log-softmax, u - exp(y) sum(u), from the cotangent
// u and the result y. dst may be either of them.
void adj_softmax_slopes(adj_dtype dtype, adj_softmax_kind kind, const void *u, const void *y, int64_t rows,
                        int64_t length, void *dst);

// y = (x - mean) * scale * weight + bias with each row's mean and scale = 1 / sqrt(mean((x - mean)^2) + eps).
// `mean` null: nothing is subtracted. `weight` and `bias`, [length], may be null.
void adj_normalize_rows(adj_dtype dtype, const void *x, int64_t rows, int64_t length, double eps, const void *weight,
                        const void *bias, void *y, void *mean, void *scale);

// Its pullback from the cotangent u: that of x (`dst`, may be null or u), and, added up in float64, those of
// weight and bias (may be null).
void adj_normalize_slopes(adj_dtype dtype, const void *u, const void *x, int64_t rows, int64_t length,
                          const void *weight, const void *mean, const void *scale, void *dst, double *weight_sums,
                          double *bias_sums);

#endif
