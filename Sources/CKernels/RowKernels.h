// The kernels over rows of one instruction set and float type; undefines what it is included with.
#include "RowVectors.h"
#include "SoftmaxRows.h"
#include "NormalizationRows.h"
#undef T
#undef INT
#undef WIDTH
#undef NAME
#undef IS_FLOAT
