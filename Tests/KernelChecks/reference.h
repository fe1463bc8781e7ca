typedef struct { int op; double a,b,value,rest; } reference_point;
static const reference_point reference_table[] = {{0,0,0,0,0}};
